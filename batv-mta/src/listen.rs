//! The protocols of mail servers: each one turns octets into calls, and the results into octets. No I/O.

pub mod filter;
pub mod handler;
pub mod http;
pub mod line;
mod lookup;
pub mod milter;
pub mod page;
pub mod policy;
pub mod socketmap;
