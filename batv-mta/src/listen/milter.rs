//! The milter protocol, version 6, from the side of the filter: octets in, octets out, no I/O.
//!
//! Source: the documentation of libmilter 8.17 and the behaviour of its peers, Sendmail and Postfix.

mod command;
mod constants;
mod mail_server;
mod packet;
mod reply;
mod session;

pub use command::{Command, Family, Malformed};
pub use constants::{VERSION, action, step};
pub use packet::{PACKET_LIMIT, TooLong, next_packet};
pub use reply::Reply;
pub use session::Session;
