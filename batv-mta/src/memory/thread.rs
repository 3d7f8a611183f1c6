//! The thread that asks the store.
//!
//! Whoever waits for an answer keeps a thread of the runtime of the listeners. Were the store asked there, too, its answers and
//! its time would wait for a thread themselves as soon as all are kept, and nobody would ever be let go.

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use batv_store::{Answer, Error, Guarded, Health, Operation, Patience, Store};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::block_in_place;
use tracing::{info, warn};

/// It ends with this.
pub(super) struct StoreThread {
    watched: Arc<Watched>,
    questions: mpsc::UnboundedSender<Question>,
}

struct Watched {
    store: Guarded<Arc<dyn Store>>,
    is_down: AtomicBool,
}

struct Question {
    batch: Vec<Operation>,
    now: u64,
    reply: SyncSender<Result<Vec<Answer>, Error>>,
}

impl StoreThread {
    /// Opens the store where it will be asked: a connection is made in the background there.
    ///
    /// # Errors
    /// Those of opening it, and [`Error::Failed`] when there is no room for another thread.
    pub(super) fn start(
        patience: Patience,
        open: impl FnOnce() -> Result<Arc<dyn Store>, Error>,
    ) -> Result<Self, Error> {
        let failed = |error: io::Error| Error::Failed { store: "thread".to_owned(), reason: error.to_string() };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let store = {
            let _entered = runtime.enter();
            Guarded::new(open()?, patience)
        };
        let watched = Arc::new(Watched { store, is_down: AtomicBool::default() });
        let (questions, asked) = mpsc::unbounded_channel();
        let answering = Arc::clone(&watched);
        let run = move || runtime.block_on(answer(answering, asked));
        thread::Builder::new().name("store".to_owned()).spawn(run).map_err(failed)?;
        Ok(Self { watched, questions })
    }

    pub(super) fn health(&self) -> Health {
        self.watched.store.health()
    }

    /// Asks, and waits for so long. `None` when there is no answer by then: it is still waited for where it is asked, so that
    /// a store is not to blame for who has little time.
    pub(super) fn ask(&self, batch: Vec<Operation>, now: u64, wait: Duration) -> Option<Vec<Answer>> {
        let (reply, answer) = sync_channel(1);
        self.questions.send(Question { batch, now, reply }).ok()?;
        // Others go on meanwhile.
        block_in_place(|| answer.recv_timeout(wait)).ok()?.ok()
    }
}

async fn answer(watched: Arc<Watched>, mut asked: mpsc::UnboundedReceiver<Question>) {
    while let Some(Question { batch, now, reply }) = asked.recv().await {
        let watched = Arc::clone(&watched);
        tokio::spawn(async move {
            let answers = watched.store.run(batch, now).await;
            watched.note();
            // Who asked may have gone on without.
            let _ = reply.send(answers);
        });
    }
}

impl Watched {
    /// Says it once when it goes, and once when it is back.
    fn note(&self) {
        let is_down = !self.store.is_up();
        if self.is_down.swap(is_down, Ordering::Relaxed) == is_down {
            return;
        }
        match self.store.health().last_error.filter(|_| is_down) {
            Some(error) => warn!("the store doesn't answer: {error}"),
            None => info!("the store answers again"),
        }
    }
}

impl fmt::Debug for StoreThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.watched.store.fmt(f)
    }
}
