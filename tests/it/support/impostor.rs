//! Servers that are no chat room: they listen where one would be expected.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// A listener whose connections are each served by a thread, until it is dropped.
pub(crate) struct Impostor {
    port: u16,
    over: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl Impostor {
    /// Listens on the loopback interface, at this port.
    pub(crate) fn start(port: u16, serve: impl Fn(TcpStream) + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let over = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&over);
        let acceptor = thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let serve = serve.clone();
                thread::spawn(move || serve(stream));
            }
        });
        Self { port, over, acceptor: Some(acceptor) }
    }

    /// Accepts and says nothing, whatever it hears.
    pub(crate) fn tarpit(port: u16) -> Self {
        Self::start(port, |mut stream| while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {})
    }

    /// Says this at once, then nothing more.
    pub(crate) fn banner(port: u16, text: &'static [u8]) -> Self {
        Self::start(port, move |mut stream| {
            stream.write_all(text).ok();
            while matches!(stream.read(&mut [0; 4096]), Ok(1..)) {}
        })
    }

    /// Answers the first bytes with this and closes.
    pub(crate) fn answer(port: u16, text: &'static [u8]) -> Self {
        Self::start(port, move |mut stream| {
            if matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
                stream.write_all(text).ok();
            }
        })
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        let woken = TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        if let Some(acceptor) = self.acceptor.take().filter(|_| woken) {
            acceptor.join().unwrap();
        }
    }
}
