//! A server that says more than it is asked for.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use batv_store::redis::{Redis, Settings};
use batv_store::{Answer, Error, Table};
use tempfile::TempDir;

use crate::place::{NOW, count, get, outcome};

/// Octets of a reply to one operation that may be read: more than any value has.
const MOST: usize = 256 * 1024;

/// Answers each command but the first, which names the protocol, with the reply; then says how much of it was taken.
fn server(reply: impl Fn(&mut UnixStream) -> usize + Send + 'static) -> (TempDir, PathBuf, Receiver<usize>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let (sender, taken) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut commands = BufReader::new(stream.try_clone().unwrap());
            while let Some(name) = command(&mut commands) {
                if name == "HELLO" {
                    stream.write_all(b"%1\r\n$5\r\nproto\r\n:3\r\n").unwrap();
                } else if sender.send(reply(&mut stream)).is_err() {
                    return;
                }
            }
        }
    });
    (folder, path, taken)
}

/// Name of the next command.
fn command(stream: &mut impl BufRead) -> Option<String> {
    let mut line = || {
        let mut line = String::new();
        (stream.read_line(&mut line).unwrap_or_default() > 0).then(|| line.trim_end().to_owned())
    };
    let words: usize = line()?.strip_prefix('*')?.parse().ok()?;
    let words: Option<Vec<String>> = (0..words).map(|_| line().and_then(|_| line())).collect();
    words?.into_iter().next()
}

/// Writes a piece again and again, until the other end has had enough.
fn flood(stream: &mut UnixStream, head: &[u8], piece: &[u8], most: usize) -> usize {
    let mut written = stream.write(head).unwrap_or_default();
    while written < most {
        match stream.write(piece) {
            Ok(octets) => written += octets,
            Err(_) => break,
        }
    }
    written
}

#[test]
fn no_more_of_a_reply_is_read_than_it_may_have() {
    let x = "x".repeat(65_536);
    let replies = [
        ("a long value", "*1\r\n$1073741824\r\n", x.clone()),
        ("a long line", "+", x.clone()),
        ("a long error", "-ERR ", x),
        ("many values", "*2147483647\r\n", "_\r\n".repeat(20_000)),
        ("what nobody asked for", "", ">1\r\n$4\r\nnews\r\n".repeat(4_000)),
    ];
    for (name, head, piece) in replies {
        let (_folder, path, taken) = server(move |stream| flood(stream, head.as_bytes(), piece.as_bytes(), 64 << 20));
        let store = Redis::new(&Settings::new(&format!("unix://{}", path.display())).unwrap()).unwrap();
        let result = outcome(&store, vec![count(1, 1, NOW + 9)], NOW);
        let Err(Error::Failed { reason, .. }) = result else { panic!("{name}: {result:?}") };
        assert!(reason.contains("octets"), "{name}: {reason}");
        // The kernel keeps some for a socket that nobody reads.
        let taken = taken.recv().unwrap();
        assert!(taken < MOST + 1_048_576, "{name}: {taken} octets");
    }
}

#[test]
fn the_longest_values_are_read() {
    let value = [&b"$1024\r\n"[..], &[b'x'; 1024], b"\r\n"].concat();
    let reply = [b"*4096\r\n".to_vec(), value.repeat(4_096)].concat();
    let (_folder, path, _taken) = server(move |stream| stream.write_all(&reply).map_or(0, |()| reply.len()));
    let store = Redis::new(&Settings::new(&format!("unix://{}", path.display())).unwrap()).unwrap();
    let batch = (0..4_096).map(|_| get(Table::Sent, 1)).collect();
    let answers = outcome(&store, batch, NOW).unwrap();
    assert_eq!(answers, vec![Answer::Value(Some(vec![b'x'; 1024])); 4_096]);
}
