//! Messages between supervisor and worker, with file descriptors, over a private socket pair.

use core::mem::MaybeUninit;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::files::{Kept, Octets};

/// Octets of a frame header: one for the kind, four for a number, four for the length of the rest.
const HEAD: usize = 9;
/// Control buffer for one descriptor.
const ROOM: usize = rustix::cmsg_space!(ScmRights(1));

/// An order to the worker.
#[derive(Debug)]
pub(super) enum Order {
    /// The content of a file.
    File(PathBuf, Octets),
    /// Load the settings from the files that came before; this is the configuration. The worker serves after the first one.
    Load(PathBuf),
    /// The changed settings are wrong, for this reason.
    Refuse(String),
    /// Accept connections on this socket, which has this index in the configuration.
    Listen(u32, OwnedFd),
    /// The file of the socket with this index is gone, and can't be made again for this reason.
    Lost(u32, String),
    /// Serve OpenSMTPD on this descriptor as standard input.
    Input(OwnedFd),
    /// Stop after the messages in progress.
    Stop,
}

/// The supervisor's end.
pub(super) struct OrderSender(UnixStream);

impl OrderSender {
    pub(super) const fn new(stream: UnixStream) -> Self {
        Self(stream)
    }

    /// Sends an order.
    ///
    /// # Errors
    /// The worker has ended, or has read nothing within the time-out of the socket.
    pub(super) fn send(&self, order: &Order) -> io::Result<()> {
        match order {
            Order::File(path, octets) => {
                let path = path.as_os_str().as_bytes();
                self.write(b'F', length(path)?, &[path, octets], None)
            }
            Order::Load(path) => self.write(b'C', 0, &[path.as_os_str().as_bytes()], None),
            Order::Refuse(why) => self.write(b'R', 0, &[why.as_bytes()], None),
            Order::Listen(index, socket) => self.write(b'L', *index, &[], Some(socket)),
            Order::Lost(index, why) => self.write(b'G', *index, &[why.as_bytes()], None),
            Order::Input(input) => self.write(b'I', 0, &[], Some(input)),
            Order::Stop => self.write(b'S', 0, &[], None),
        }
    }

    /// Sends the files of new settings, and the order to load them.
    ///
    /// # Errors
    /// Those of [`OrderSender::send`].
    pub(super) fn send_settings(&self, kept: Kept, config: PathBuf) -> io::Result<()> {
        for (path, octets) in kept {
            self.send(&Order::File(path, octets))?;
        }
        self.send(&Order::Load(config))
    }

    fn write(&self, kind: u8, number: u32, parts: &[&[u8]], descriptor: Option<&OwnedFd>) -> io::Result<()> {
        let octets = parts.iter().map(|part| length(part)).sum::<io::Result<u32>>()?;
        let mut head = [kind, 0, 0, 0, 0, 0, 0, 0, 0];
        head[1..5].copy_from_slice(&number.to_ne_bytes());
        head[5..].copy_from_slice(&octets.to_ne_bytes());
        let descriptors: Vec<_> = descriptor.map(AsFd::as_fd).into_iter().collect();
        let mut room = [MaybeUninit::uninit(); ROOM];
        let mut control = SendAncillaryBuffer::new(&mut room);
        if !descriptors.is_empty() {
            control.push(SendAncillaryMessage::ScmRights(&descriptors));
        }
        let sent = loop {
            match sendmsg(&self.0, &[IoSlice::new(&head)], &mut control, SendFlags::NOSIGNAL) {
                Err(rustix::io::Errno::INTR) => {}
                sent => break sent?,
            }
        };
        let mut stream = &self.0;
        stream.write_all(head.get(sent..).unwrap_or_default())?;
        parts.iter().try_for_each(|part| stream.write_all(part))
    }
}

fn length(octets: &[u8]) -> io::Result<u32> {
    u32::try_from(octets.len()).map_err(|_| io::Error::new(ErrorKind::FileTooLarge, "a file of more than 4 GiB"))
}

/// The worker's end.
pub(super) struct OrderReceiver(UnixStream);

impl OrderReceiver {
    /// Takes the socket, which the supervisor passes to the worker as standard input.
    ///
    /// # Errors
    /// Standard input is no socket: another program has started the worker.
    pub(super) fn from_stdin() -> io::Result<Self> {
        let stream = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        stream.peer_addr()?;
        Ok(Self(stream))
    }

    /// Waits for the next order. `None` if the supervisor has ended.
    ///
    /// # Errors
    /// Those of the socket, and malformed orders.
    pub(super) fn receive(&mut self) -> io::Result<Option<Order>> {
        let mut head = [0; HEAD];
        let mut descriptor = None;
        let mut filled = 0;
        while filled < HEAD {
            // A descriptor comes with the first octet of a head; a plain read would lose it.
            match self.read_with_descriptor(&mut head[filled..], &mut descriptor)? {
                0 if filled == 0 => return Ok(None),
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read => filled += read,
            }
        }
        let [kind, n0, n1, n2, n3, l0, l1, l2, l3] = head;
        let number = u32::from_ne_bytes([n0, n1, n2, n3]);
        let size = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
        // A buffer of the full size does not move, and leaves no copy of a key behind.
        let mut octets = Zeroizing::new(Vec::with_capacity(size));
        if (&self.0).take(size as u64).read_to_end(&mut octets)? < size {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        order(kind, number, &octets, descriptor).map(Some).ok_or_else(|| ErrorKind::InvalidData.into())
    }

    fn read_with_descriptor(&self, octets: &mut [u8], descriptor: &mut Option<OwnedFd>) -> io::Result<usize> {
        let mut room = [MaybeUninit::uninit(); ROOM];
        let mut control = RecvAncillaryBuffer::new(&mut room);
        let received = loop {
            match recvmsg(&self.0, &mut [IoSliceMut::new(octets)], &mut control, RecvFlags::CMSG_CLOEXEC) {
                Err(rustix::io::Errno::INTR) => {}
                received => break received?,
            }
        };
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(mut descriptors) = message {
                *descriptor = descriptors.next();
            }
        }
        Ok(received.bytes)
    }

    /// Reports that the worker accepts connections. Channel of all further orders, for asynchronous code: it ends with the
    /// supervisor.
    ///
    /// # Errors
    /// A thread can't be started.
    pub(super) fn into_channel(mut self) -> io::Result<mpsc::UnboundedReceiver<Order>> {
        let (sender, receiver) = mpsc::unbounded_channel();
        thread::Builder::new().name("orders".to_owned()).spawn(move || {
            // This fails if the supervisor has ended, as the first order does then.
            let _ = self.0.write_all(&[READY]);
            while let Ok(Some(order)) = self.receive() {
                if sender.send(order).is_err() {
                    break;
                }
            }
        })?;
        Ok(receiver)
    }
}

fn order(kind: u8, number: u32, octets: &[u8], descriptor: Option<OwnedFd>) -> Option<Order> {
    let path = |octets: &[u8]| PathBuf::from(std::ffi::OsString::from_vec(octets.to_vec()));
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    Some(match kind {
        b'F' => {
            let (name, content) = octets.split_at_checked(usize::try_from(number).ok()?)?;
            Order::File(path(name), content.into())
        }
        b'C' => Order::Load(path(octets)),
        b'R' => Order::Refuse(text(octets)),
        b'L' => Order::Listen(number, descriptor?),
        b'G' => Order::Lost(number, text(octets)),
        b'I' => Order::Input(descriptor?),
        b'S' => Order::Stop,
        _ => return None,
    })
}

/// The worker's only message.
const READY: u8 = b'!';

/// State of the worker.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum WorkerState {
    /// It accepts connections.
    Ready,
    /// It has ended.
    Ended,
}

/// Channel of the worker's states, for asynchronous code.
///
/// # Errors
/// A thread can't be started.
pub(super) fn worker_states(mut stream: UnixStream) -> io::Result<mpsc::UnboundedReceiver<WorkerState>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    thread::Builder::new().name("worker-states".to_owned()).spawn(move || {
        let mut said = [0];
        while stream.read_exact(&mut said).is_ok() {
            // An attacker in the worker may send anything: it means no more than this.
            if sender.send(WorkerState::Ready).is_err() {
                return;
            }
        }
        let _ = sender.send(WorkerState::Ended);
    })?;
    Ok(receiver)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Seek;
    use std::path::Path;

    use super::*;

    #[test]
    fn orders_arrive_as_they_were_given() {
        let (ours, theirs) = UnixStream::pair().expect("sockets");
        let (supervisor, mut worker) = (OrderSender::new(ours), OrderReceiver(theirs));
        let mut kept = Kept::default();
        kept.insert("/a".into(), b"one".to_vec().into());
        // More than the buffer of the socket.
        kept.insert("/b".into(), vec![b'x'; 3_000_000].into());
        let file = tempfile::tempfile().expect("a file");
        let number = file.metadata().map(|file| std::os::unix::fs::MetadataExt::ino(&file)).expect("a number");
        let sender = thread::spawn(move || {
            supervisor.send(&Order::Listen(7, file.try_clone().expect("a file").into())).expect("a worker");
            supervisor.send(&Order::Input(file.into())).expect("a worker");
            supervisor.send_settings(kept, "/a".into()).expect("a worker");
            supervisor.send(&Order::Lost(1, "it is gone".to_owned())).expect("a worker");
            supervisor.send(&Order::Refuse(String::new())).expect("a worker");
            supervisor.send(&Order::Stop).expect("a worker");
        });
        let mut next = || worker.receive().expect("an order").expect("a supervisor");
        for _ in 0..2 {
            let (Order::Listen(7, descriptor) | Order::Input(descriptor)) = next() else { panic!("another order") };
            let mut same = File::from(descriptor);
            assert_eq!(std::os::unix::fs::MetadataExt::ino(&same.metadata().expect("a file")), number);
            same.rewind().expect("a file");
        }
        assert!(matches!(next(), Order::File(path, octets) if path == Path::new("/a") && *octets == *b"one"));
        assert!(matches!(next(), Order::File(path, octets) if path == Path::new("/b") && octets.len() == 3_000_000));
        assert!(matches!(next(), Order::Load(path) if path == Path::new("/a")));
        assert!(matches!(next(), Order::Lost(1, why) if why == "it is gone"));
        assert!(matches!(next(), Order::Refuse(why) if why.is_empty()));
        assert!(matches!(next(), Order::Stop));
        sender.join().expect("the sender ended well");
        assert!(worker.receive().expect("an end").is_none());
    }

    #[test]
    fn other_orders_are_refused() {
        for octets in [&b"?\0\0\0\0\0\0\0\0"[..], b"L\0\0\0\0\0\0\0\0", b"F\x01\0\0\0\0\0\0\0", b"S\0"] {
            let (ours, theirs) = UnixStream::pair().expect("sockets");
            (&ours).write_all(octets).expect("a socket");
            drop(ours);
            assert!(OrderReceiver(theirs).receive().is_err(), "{octets:?}");
        }
    }
}
