//! What the daemon remembers, in a file and on a server that the tests start, and what comes of it when that is gone.

mod aliases;
mod attack;
mod guesses;
mod limits;
mod mail;
mod outage;
mod place;
mod refused;
mod replay;
mod sent;
mod users;
