use std::io::Read;
use std::net::TcpStream;
use std::sync::Barrier;
use std::thread;

use super::*;

fn won(address: SocketAddr) -> Listener {
    match claim(address).unwrap() {
        Claim::Won(listener) => listener,
        Claim::Taken => panic!("{address} is taken"),
    }
}

fn is_free(address: &str, port: u16) -> bool {
    let address = format!("{address}:{port}").parse().unwrap();
    matches!(claim(address).unwrap(), Claim::Won(_))
}

#[test]
fn p13_a_port_is_won_once_whatever_the_addresses() {
    for first in ["[::]", "0.0.0.0", "127.0.0.1", "[::1]"] {
        let listener = won(format!("{first}:0").parse().unwrap());
        let port = listener.address().port();
        assert!(!is_free("[::]", port), "[::] after {first}");
        assert!(!is_free(first, port), "{first} after itself");
        if !first.ends_with("1]") {
            assert!(!is_free("0.0.0.0", port), "0.0.0.0 after {first}");
            assert!(!is_free("127.0.0.1", port), "127.0.0.1 after {first}");
        }
        drop(listener);
        assert!(is_free("[::]", port), "[::] once {first} is gone");
    }
}

#[test]
fn p13_of_twenty_who_claim_at_once_one_wins() {
    let port = won("[::]:0".parse().unwrap()).address().port();
    for _ in 0..10 {
        let start = Barrier::new(20);
        // What is won is held until all have tried.
        let claims: Vec<Claim> = thread::scope(|scope| {
            let claim = || {
                start.wait();
                claim(format!("[::]:{port}").parse().unwrap()).unwrap()
            };
            let threads: Vec<_> = (0..20).map(|_| scope.spawn(claim)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        match claims.iter().filter(|claim| matches!(claim, Claim::Won(_))).count() {
            1 => return,
            // Two have met in the same microsecond (see `claim`): all claim again, as the election does.
            0 => {}
            winners => panic!("{winners} have won"),
        }
    }
    panic!("nobody has won, ten times over");
}

#[test]
fn p13_a_restart_does_not_wait_for_old_connections() {
    let listener = won("[::]:0".parse().unwrap());
    let port = listener.address().port();
    let mut client = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (server, peer) = loop {
        match listener.socket.accept() {
            Ok(accepted) => break accepted,
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    };
    assert_eq!(peer.ip().to_canonical(), client.local_addr().unwrap().ip());
    // The side that closes first keeps the connection in TIME_WAIT: the server's.
    drop(server);
    assert_eq!(client.read(&mut [0]).unwrap(), 0);
    drop((client, listener));
    assert!(is_free("[::]", port));
}

#[test]
fn a_wildcard_takes_both_families() {
    let listener = won("[::]:0".parse().unwrap());
    for host in ["127.0.0.1", "::1"] {
        TcpStream::connect((host, listener.address().port())).unwrap();
    }
}

#[test]
fn what_is_not_ours_is_an_error_that_says_so() {
    let error = claim("192.0.2.1:8808".parse().unwrap()).unwrap_err();
    assert_eq!(error.code(), "address-not-available");
    assert!(error.to_string().starts_with("listen on 192.0.2.1:8808: "), "{error}");
}
