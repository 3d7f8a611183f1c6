//! The command line as a whole.

use clap::Parser;

use crate::command::Command;

/// Sign, verify, unwrap and judge envelope addresses, and judge bounces
///
/// Tags the sender addresses of outgoing mail (BATV), and accepts only bounces that bring back a valid tag or return a
/// message that is proved to be ours. Rewrites the senders of forwarded mail (SRS), and removes the tags of others.
#[derive(Debug, Parser)]
#[command(
    name = "batv",
    version,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "\
Addresses are given as arguments, or on standard input, one per line: when there are no arguments, or one is `-`.
Answers go to standard output, messages for people to standard error.

Exit status:
  0  success
  1  an address or message did not verify, was refused, or is malformed
  2  wrong usage, no readable key, or an error of a file

Examples:
  batv sign alice@example.com
  batv verify prvs=0787f93fc2=alice@example.com"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}
