//! The store, in a file and on a server that the tests start, and the daemon without it.

mod aliases;
mod attack;
mod guesses;
mod limits;
mod lost;
mod mail;
mod model;
mod outage;
mod place;
mod records;
mod refused;
mod replay;
mod rotation;
mod sent;
mod srs;
mod users;
