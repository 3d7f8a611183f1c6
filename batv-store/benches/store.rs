//! `cargo bench -p batv-store`: batches and operations a second, of one who waits for each answer and of 64 at a time, on a file
//! and on a server of its own (redis-server, over a Unix socket).
//!
//! A batch is what a message needs: `remember` of one recipient (two entries), `ask` for it (two reads), `count` a failure
//! (one counter, and a look at another).

use core::hint::black_box;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::env;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use batv_core::fingerprint::Fingerprint;
use batv_store::redis::{Redis, Settings};
use batv_store::sqlite::{DEFAULT_LIMIT, Sqlite};
use batv_store::{Guarded, Operation, Patience, Store, Table};

const NOW: u64 = 1_795_478_400;
const TURN: Duration = Duration::from_millis(1_500);

type Work = fn(u64) -> Vec<Operation>;
const WORK: [(&str, Work); 3] = [("remember", remember), ("ask", ask), ("count", count)];

fn main() -> Result<(), Box<dyn core::error::Error>> {
    // `cargo nextest` and `cargo test --benches` only want to know that it runs.
    if !env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let socket = directory.path().join("redis.sock");
    let _server = Server::start(&socket)?;
    println!("{:<10}{:<10}{:>6}{:>14}{:>16}{:>12}", "", "", "at once", "batches/s", "operations/s", "each, µs");
    measure("SQLite", &Sqlite::open(&directory.path().join("store.sqlite"), DEFAULT_LIMIT)?);
    let redis = Redis::new(&Settings::new(&format!("unix://{}", socket.display()))?)?;
    measure("Redis", &redis);
    measure("guarded", &Guarded::new(redis, Patience::default()));
    Ok(())
}

/// A server that ends with this.
struct Server(Child);

impl Server {
    fn start(socket: &std::path::Path) -> std::io::Result<Self> {
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--unixsocket"]).arg(socket).stdout(Stdio::null());
        let server = Self(command.spawn()?);
        while !socket.exists() {
            thread::sleep(Duration::from_millis(10));
        }
        Ok(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn measure(name: &str, store: &dyn Store) {
    for (what, work) in WORK {
        for at_once in [1, 64] {
            let (batches, operations, time) = run(store, work, at_once);
            let rate = |count: u64| count as f64 / time.as_secs_f64();
            let each = time.as_secs_f64() * 1e6 * f64::from(at_once) / batches as f64;
            println!("{name:<10}{what:<10}{at_once:>6}{:>15.0}{:>16.0}{each:>12.0}", rate(batches), rate(operations));
        }
    }
}

/// Batches and operations that so many, each waiting for its answers, had done, and how long it took.
fn run(store: &dyn Store, work: Work, at_once: u32) -> (u64, u64, Duration) {
    let next = AtomicU64::new(0);
    let begun = Instant::now();
    let ask = || {
        let (mut batches, mut operations) = (0, 0);
        while begun.elapsed() < TURN {
            let batch = work(next.fetch_add(1, Ordering::Relaxed));
            operations += batch.len() as u64;
            black_box(store.run(batch, NOW, Duration::MAX).expect("the store answers"));
            batches += 1;
        }
        (batches, operations)
    };
    let (batches, operations) = thread::scope(|scope| {
        let asking: Vec<_> = (0..at_once).map(|_| scope.spawn(ask)).collect();
        let done = asking.into_iter().map(|asking| asking.join().expect("no panic"));
        done.fold((0, 0), |sum, done| (sum.0 + done.0, sum.1 + done.1))
    });
    (batches, operations, begun.elapsed())
}

/// Spread as fingerprints are.
fn key(number: u64) -> Fingerprint {
    let mut octets = [0; 16];
    octets[..8].copy_from_slice(&(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    octets[8..].copy_from_slice(&number.to_be_bytes());
    Fingerprint::new(octets)
}

fn remember(number: u64) -> Vec<Operation> {
    let put = |number| Operation::Put {
        table: Table::Sent,
        key: key(number),
        value: vec![0, 0, 0x51, 0x2d],
        expires: NOW + 31 * 86_400,
        share: None,
    };
    vec![put(2 * number), put(2 * number + 1)]
}

fn ask(number: u64) -> Vec<Operation> {
    [2 * number, 2 * number + 1].map(|number| Operation::Get { table: Table::Sent, key: key(number) }).into()
}

fn count(number: u64) -> Vec<Operation> {
    let count = |number, by| Operation::Count { key: key(number), by, expires: NOW + 7_200 };
    vec![count(number % 1_000, 1), count(1_000 + number % 1_000, 0)]
}
