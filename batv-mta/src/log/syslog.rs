//! The socket of the local syslog daemon.

use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

/// Sends each line to syslog as one datagram. A line has no time, so that the syslog daemon adds its own.
///
/// After a restart of the syslog daemon it connects again. A line is lost while no daemon listens.
pub(super) struct SyslogSocket {
    path: PathBuf,
    socket: Option<UnixDatagram>,
}

impl Default for SyslogSocket {
    fn default() -> Self {
        Self { path: PathBuf::from("/dev/log"), socket: None }
    }
}

impl SyslogSocket {
    fn send(&mut self, message: &[u8]) -> io::Result<()> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => {
                let socket = UnixDatagram::unbound()?;
                socket.connect(&self.path)?;
                socket
            }
        };
        socket.send(message)?;
        self.socket = Some(socket);
        Ok(())
    }
}

impl Write for SyslogSocket {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // Some syslog daemons end a message at NUL.
        let message: Vec<u8> =
            line.trim_ascii_end().iter().map(|octet| if *octet == 0 { b'?' } else { *octet }).collect();
        // The first attempt fails after a restart of the syslog daemon.
        let _ = self.send(&message).or_else(|_| self.send(&message));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::fs;

    use super::*;

    #[test]
    fn lines_arrive_also_after_the_syslog_daemon_restarts() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let mut syslog = SyslogSocket { path: path.clone(), socket: None };
        assert_eq!(syslog.write(b"<22>batvd[1]: lost\n").expect("a line"), 19);
        for line in ["<22>batvd[1]: one", "<20>batvd[1]: two?"] {
            let daemon = UnixDatagram::bind(&path).expect("a socket");
            daemon.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
            for _ in 0..2 {
                syslog.write_all(format!("{}\n", line.replace('?', "\0")).as_bytes()).expect("a line");
                let mut octets = [0; 64];
                let length = daemon.recv(&mut octets).expect("a line");
                assert_eq!(octets.get(..length), Some(line.as_bytes()));
            }
            fs::remove_file(&path).expect("a socket");
        }
    }
}
