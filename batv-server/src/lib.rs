#![doc = include_str!("../README.md")]

extern crate alloc;

mod error;
mod mail;
mod ruling;
mod sender;
mod server;

pub use batv_bounce as bounce;
pub use batv_config as config;
pub use batv_core as core;
pub use batv_policy as policy;

pub use batv_config::site::Site;
pub use batv_core::Day;
pub use batv_core::Path;
pub use batv_core::envelope::{Disposition, Mode, Reason, Verdict};
pub use batv_core::mark::Mark;
pub use batv_core::srs::SrsVerdict;
pub use batv_policy::{
    BounceAnswer, BounceQuestion, MayBounce, NoticeKind, Notify, STATUS_FIELD, UnchangedReason, VERDICT_FIELD,
};
pub use error::Error;
pub use mail::{Mail, Outcome};
pub use ruling::Ruling;
pub use sender::{Reversed, Signed};
pub use server::Server;
