//! What a store does.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::future::Future;
use core::pin::Pin;

use crate::error::Error;
use crate::operation::{Answer, Operation};

/// The answers to a batch, once they are there.
///
/// ```
/// use batv_store::{Answers, Operation, Store};
///
/// fn nothing(store: &dyn Store) -> Answers<'_> {
///     store.run(Vec::new(), 1_795_478_400)
/// }
/// ```
pub type Answers<'s> = Pin<Box<dyn Future<Output = Result<Vec<Answer>, Error>> + Send + 's>>;

/// What remembers. It has no clock: each batch says what time it is.
///
/// ```
/// use std::sync::Arc;
///
/// use batv_core::fingerprint::Fingerprint;
/// use batv_store::{Answer, Error, Operation, Store};
///
/// /// How often something was seen, now included.
/// async fn seen(store: Arc<dyn Store>, what: Fingerprint, now: u64) -> Result<u32, Error> {
///     let count = Operation::Count { key: what, by: 1, expires: now + 3_600 };
///     match store.run(vec![count], now).await?.as_slice() {
///         [Answer::Total(total)] => Ok(*total),
///         _ => Ok(0),
///     }
/// }
/// ```
pub trait Store: Send + Sync {
    /// Does these in their order, and all of them or none; gives an answer for each. `now` is in seconds since
    /// 1970-01-01 (UTC).
    ///
    /// It takes one round trip to a server, or one transaction. After an error nobody knows whether it was done.
    /// Nothing limits how long it takes: that is for [`Guarded`](crate::Guarded) to do.
    fn run(&self, batch: Vec<Operation>, now: u64) -> Answers<'_>;

    /// Entries that it has forgotten before their end as there was no room, since it was opened; 0 for who doesn't know.
    fn forgotten(&self) -> u64 {
        0
    }
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn run(&self, batch: Vec<Operation>, now: u64) -> Answers<'_> {
        (**self).run(batch, now)
    }

    fn forgotten(&self) -> u64 {
        (**self).forgotten()
    }
}
