//! A wire that can be cut: it forwards bytes between a client and the room until it is told to stop.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;

use super::impostor::Impostor;

/// One forwarded connection.
struct Link {
    near: TcpStream,
    far: TcpStream,
    frozen: Arc<Mutex<bool>>,
}

/// A listener that forwards each connection to the room.
pub(crate) struct Proxy {
    address: String,
    links: Arc<Mutex<Vec<Link>>>,
    _listener: Impostor,
}

impl Proxy {
    /// Forwards from one port of the loopback interface to another.
    pub(crate) fn start(from: u16, to: u16) -> Self {
        let links = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&links);
        let listener = Impostor::start(from, move |near| {
            // The room may be closed: then so is the connection.
            let Ok(far) = TcpStream::connect(("127.0.0.1", to)) else { return };
            let frozen = Arc::new(Mutex::new(false));
            forward(&near, &far, &frozen);
            forward(&far, &near, &frozen);
            kept.lock().push(Link { near, far, frozen });
        });
        Self { address: format!("127.0.0.1:{from}"), links, _listener: listener }
    }

    /// Where to connect, as an argument.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// From here on nothing passes on the connections that there are, and neither end is told. New ones pass.
    pub(crate) fn freeze(&self) {
        self.links.lock().iter().for_each(|link| *link.frozen.lock() = true);
    }

    /// As `freeze`, but the client's side is ended: the room does not know that its member is gone.
    pub(crate) fn cut_near_side(&self) {
        self.freeze();
        self.links.lock().iter().for_each(|link| link.near.shutdown(Shutdown::Both).unwrap_or_default());
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        for link in self.links.lock().iter() {
            link.near.shutdown(Shutdown::Both).unwrap_or_default();
            link.far.shutdown(Shutdown::Both).unwrap_or_default();
        }
    }
}

/// Copies bytes one way until an end closes; what is read while the link is frozen is lost, ends included.
fn forward(from: &TcpStream, to: &TcpStream, frozen: &Arc<Mutex<bool>>) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    let frozen = Arc::clone(frozen);
    thread::spawn(move || {
        let mut chunk = [0; 16 * 1024];
        loop {
            let count = from.read(&mut chunk).unwrap_or(0);
            let cut = frozen.lock();
            if !*cut && (count == 0 || to.write_all(&chunk[..count]).is_err()) {
                to.shutdown(Shutdown::Write).ok();
                return;
            }
            if count == 0 {
                return;
            }
        }
    });
}
