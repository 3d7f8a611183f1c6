//! The connection, made again whenever it breaks.

use alloc::string::{String, ToString};
use core::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, PushInfo, PushKind, RedisError};
use tokio::sync::{mpsc, watch};
use tokio::time;

use super::names::Names;

/// How long to wait for a connection, and for an answer that nobody waits for any longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two attempts, doubling from the first to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LAST_PAUSE: Duration = Duration::from_secs(2);
/// Batches that may wait to be written.
const WAITING: usize = 1_024;
/// Characters of a server's own words that are passed on.
const REASON_LIMIT: usize = 200;

/// A connection that works as far as is known.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) commands: MultiplexedConnection,
    number: u64,
}

enum State {
    /// Nothing is known yet.
    Beginning,
    Up(Connection),
    Down(String),
}

/// Keeps a connection until it is dropped.
pub(super) struct Link {
    state: watch::Receiver<State>,
    /// The numbers of connections that broke.
    broken: mpsc::UnboundedSender<u64>,
}

impl Link {
    pub(super) fn new(client: Client) -> Self {
        let (sender, state) = watch::channel(State::Beginning);
        let (broken, reports) = mpsc::unbounded_channel();
        tokio::spawn(keep(client, sender, broken.downgrade(), reports));
        Self { state, broken }
    }

    /// The connection, or why there is none. This waits for the first attempt only.
    pub(super) async fn connection(&self) -> Result<Connection, String> {
        let mut state = self.state.clone();
        let known = state.wait_for(|state| !matches!(state, State::Beginning)).await;
        match known.as_deref() {
            Ok(State::Up(connection)) => Ok(connection.clone()),
            Ok(State::Down(reason)) => Err(reason.clone()),
            Ok(State::Beginning) | Err(_) => Err("its connection has ended".into()),
        }
    }

    /// Has a new connection made when this error says that the one it came from is of no use any more.
    pub(super) fn note(&self, connection: &Connection, error: &RedisError) {
        if error.is_unrecoverable_error() || error.is_timeout() || is_of_replica(error) {
            // Who keeps the connection lives as long as this.
            let _ = self.broken.send(connection.number);
        }
    }
}

/// With TCP, a host that has gone without a word is noticed.
pub(super) fn tcp_settings() -> TcpSettings {
    let settings = TcpSettings::default().set_nodelay(true);
    #[cfg(target_os = "linux")]
    let settings = settings.set_user_timeout(2 * PATIENCE);
    settings
}

/// An error in one line: a server may say anything.
pub(super) fn reason(error: &RedisError) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    error.to_string().chars().map(plain).take(REASON_LIMIT).collect()
}

/// Whether it is that of a server which another one has taken the place of: it keeps its connections, and only reads.
fn is_of_replica(error: &RedisError) -> bool {
    const READ_ONLY: &str = "READONLY";
    // Redis 6 says it in the words of an error of the script.
    error.code() == Some(READ_ONLY) || error.detail().is_some_and(|words| words.contains(READ_ONLY))
}

/// Connects, and does so again for each report that the present connection is broken, while anybody wants it.
async fn keep(
    client: Client,
    state: watch::Sender<State>,
    broken: mpsc::WeakUnboundedSender<u64>,
    mut reports: mpsc::UnboundedReceiver<u64>,
) {
    let names = Names::default();
    let mut number = 0;
    let mut pause = FIRST_PAUSE;
    while !state.is_closed() {
        number += 1;
        match connect(&client, &names, broken.clone(), number).await {
            Ok(commands) => {
                pause = FIRST_PAUSE;
                state.send_replace(State::Up(Connection { commands, number }));
                let mut report = reports.recv().await;
                while report.is_some_and(|reported| reported != number) {
                    report = reports.recv().await;
                }
                if report.is_none() {
                    return;
                }
                state.send_replace(State::Down("the connection broke".into()));
            }
            Err(error) => {
                state.send_replace(State::Down(reason(&error)));
                time::sleep(pause).await;
                pause = (2 * pause).min(LAST_PAUSE);
            }
        }
    }
}

async fn connect(
    client: &Client,
    names: &Names,
    broken: mpsc::WeakUnboundedSender<u64>,
    number: u64,
) -> Result<MultiplexedConnection, RedisError> {
    // The end of a connection is reported also while nobody uses it.
    let report = move |push: PushInfo| match (push.kind, broken.upgrade()) {
        (PushKind::Disconnection, Some(broken)) => broken.send(number),
        _ => Ok(()),
    };
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        .set_pipeline_buffer_size(WAITING)
        .set_push_sender(report)
        .set_dns_resolver(names.clone());
    client.get_multiplexed_async_connection_with_config(&config).await
}
