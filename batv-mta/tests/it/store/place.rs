//! Where the daemon remembers: each test runs with both.

use std::fs;

use batv_tests::redis::Server;

use crate::support::Daemon;

pub(crate) enum Place {
    File,
    Server(Box<Server>),
}

impl Place {
    pub(crate) fn all() -> [Self; 2] {
        [Self::File, Self::Server(Box::new(Server::start(&[])))]
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::File => "SQLite",
            Self::Server(_) => "Redis",
        }
    }

    /// A daemon that remembers there, with these lines in `[store]` and these behind it.
    pub(crate) fn daemon(&self, store: &str, rest: &str) -> Daemon {
        let mut daemon = Daemon::new("");
        daemon.configure(&self.configuration(&daemon, store, rest));
        daemon.start();
        daemon
    }

    pub(crate) fn configuration(&self, daemon: &Daemon, store: &str, rest: &str) -> String {
        let at = match self {
            Self::File => format!("sqlite:{}/store/store.sqlite", daemon.root()),
            Self::Server(server) => server.url(),
        };
        // Others may keep the machine busy: no test but those of slow stores is about time.
        let milliseconds = if store.contains("milliseconds") { "" } else { "milliseconds = 10000\n" };
        format!("[store]\nat = '{at}'\n{milliseconds}{store}\n{rest}")
    }

    /// A server that keeps its data over a restart, and a daemon that uses it.
    pub(crate) fn on_a_server(store: &str, rest: &str) -> (Server, Daemon) {
        let place = Self::Server(Box::new(Server::start(&["--appendonly", "yes", "--appendfsync", "always"])));
        let daemon = place.daemon(store, rest);
        let Self::Server(server) = place else { unreachable!("it is one") };
        (*server, daemon)
    }

    /// All that is kept, as it is on the disk.
    pub(crate) fn octets(&self, daemon: &Daemon) -> Vec<u8> {
        let read = |path| fs::read(path).unwrap_or_default();
        match self {
            Self::File => ["", "-wal"].map(|end| read(daemon.path(&format!("store/store.sqlite{end}")))).concat(),
            Self::Server(server) => {
                assert!(server.tell("CONFIG SET rdbcompression no").starts_with("+OK"));
                assert!(server.tell("SAVE").starts_with("+OK"));
                read(server.socket().with_file_name("dump.rdb"))
            }
        }
    }
}
