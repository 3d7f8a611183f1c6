//! Both ends of SMTP: a client that says what it is told to, and a next hop that takes everything.

use alloc::sync::Arc;
use core::net::Ipv4Addr;
use core::time::Duration;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(port: u16) -> Self {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
        let mut client = Self { stream: BufReader::new(stream) };
        let greeting = client.reply();
        assert!(greeting.starts_with("220 "), "{greeting}");
        let hello = client.say("EHLO client.example.net");
        assert!(hello.starts_with("250 "), "{hello}");
        client
    }

    /// Says a line, and hears the last line of the reply.
    pub(crate) fn say(&mut self, line: &str) -> String {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).expect("a connection");
        self.reply()
    }

    /// Sends a message, and hears what becomes of it.
    pub(crate) fn data(&mut self) -> String {
        let go = self.say("DATA");
        if !go.starts_with("354 ") {
            return go;
        }
        self.say("From: carol@example.org\r\nTo: alice@example.com\r\nSubject: test\r\n\r\nText.\r\n.")
    }

    fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("a reply");
            assert!(!line.is_empty(), "the connection was closed");
            if line.as_bytes().get(3) == Some(&b' ') {
                return line.trim_end().to_owned();
            }
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) sender: String,
}

/// A server that takes all mail, and keeps the senders.
pub(crate) struct NextHop {
    pub(crate) port: u16,
    taken: Arc<Mutex<Vec<Envelope>>>,
}

impl NextHop {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&taken);
        // It ends with the test.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let keep = Arc::clone(&keep);
                thread::spawn(move || serve(stream, &keep));
            }
        });
        Self { port, taken }
    }

    pub(crate) fn taken(&self) -> Vec<Envelope> {
        self.taken.lock().expect("no panic").clone()
    }
}

/// Ends with the connection.
fn serve(stream: TcpStream, taken: &Mutex<Vec<Envelope>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut sender = String::new();
    let mut say = "220 next hop".to_owned();
    loop {
        stream.get_mut().write_all(format!("{say}\r\n").as_bytes()).ok()?;
        let line = read_line(&mut stream)?;
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        say = match verb.as_str() {
            "MAIL" => {
                sender = line.split_once('<')?.1.split_once('>')?.0.to_owned();
                "250 sender".to_owned()
            }
            "DATA" => {
                stream.get_mut().write_all(b"354 go\r\n").ok()?;
                while read_line(&mut stream)? != "." {}
                taken.lock().ok()?.push(Envelope { sender: sender.clone() });
                "250 taken".to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 fine".to_owned(),
        };
    }
}

fn read_line(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let length = stream.read_line(&mut line).ok()?;
    (length > 0).then(|| line.trim_end().to_owned())
}
