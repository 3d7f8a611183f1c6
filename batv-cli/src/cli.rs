//! The command line: types and help, nothing else.

use alloc::borrow::Cow;
use core::str::FromStr;
use std::ffi::OsString;
use std::path::PathBuf;

use batv_bounce::notify::Notify;
use batv_config::clock;
use batv_core::envelope::{Mode, Stage};
use batv_core::srs::{self, Separator};
use batv_core::tag::Delimiter;
use batv_core::{Algorithm, Day, Domain, KeyId, Lifetime, UnknownName};
use batv_policy::address;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// Sign, verify, unwrap and judge envelope addresses, and judge bounces
///
/// Tags the sender addresses of outgoing mail (BATV), and believes only a bounce that brings a good tag back, or returns
/// a message that is proved to be ours; rewrites the senders of forwarded mail (SRS); takes off the tags of others.
#[derive(Debug, Parser)]
#[command(
    name = "batv",
    version,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "\
Addresses come as arguments, or one a line on standard input when none is given, or `-` is.
Standard output is the answer; standard error is for people.

Exit status:
  0  all is well
  1  some address or message did not verify, was refused, or is none
  2  wrong usage, no readable key, or trouble with a file

Examples:
  batv sign alice@example.com
  batv verify prvs=0787f93fc2=alice@example.com"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Tag sender addresses
    ///
    /// Prints each address with a tag that expires in some days. What needs no tag stays as it is: the null sender `<>`,
    /// an address that is tagged already, a domain that no signing key serves. What can't be tagged is printed as it came,
    /// with the reason on standard error, and exit status 1.
    ///
    /// Where there is no keyring at all, one is made for you, with a new random key.
    #[command(after_help = "\
Examples:
  batv sign alice@example.com
  batv sign --form sub-address --delimiter - < senders.txt > tagged.txt")]
    Sign(Sign),
    /// Verify the tags of addresses
    ///
    /// For one address: prints the address without its tag when the tag is valid, and the reason on standard error when it
    /// is not. For several, or a stream: a line for each with the verdict, a tab, and the address.
    ///
    /// The verdicts: valid, expired, bad-mac, unknown-key, untagged, malformed.
    #[command(after_help = "\
Examples:
  batv verify prvs=0787f93fc2=alice@example.com
  batv verify --explain --at 2026-11-23 prvs=0787f93fc2=alice@example.com")]
    Verify(Verify),
    /// Take off the tags of addresses, whoever made them
    ///
    /// Knows the tags of many programs, and checks none of them: the result serves to compare, show and look up, never to
    /// deliver mail. An address without a tag is printed as it came, and so is one whose tag hides the address.
    #[command(after_help = "\
Examples:
  batv unwrap SRS0=8nW7=2W=example.com=prvs=0778a1b2c3=alice@forwarder.example.net
  batv unwrap --json btv1==1086afe1179==bob@example.com")]
    Unwrap(Unwrap),
    /// Judge recipients of a message as a mail server should at RCPT TO
    ///
    /// For one recipient, prints the SMTP reply on the first line, and, when the recipient is taken, the mailbox to deliver
    /// to on the second. For several, or a stream: a line for each with verdict, reason, disposition and mailbox, with tabs
    /// between. Each recipient is judged as if it were the only one of its message.
    #[command(after_help = "\
Exit status:
  0  each recipient is taken
  1  some recipient is refused for good
  2  some recipient is refused for now, or there is no readable key: answer with a temporary failure

Examples:
  batv check --from '<>' --to prvs=0787f93fc2=alice@example.com
  batv check --mode mark --protected example.com --explain --to alice@example.com

Exim, in the ACL for RCPT TO:
  warn  set acl_m_batv = ${run{/usr/bin/batv check --from <$sender_address> \\
                           --to ${quote_local_part:$local_part}@$domain}{$value}{$value}}
  deny  condition = ${if eq{$runrc}{1}}
        message = ${listextract{1}{<\\n $acl_m_batv}}
  defer condition = ${if eq{$runrc}{2}}")]
    Check(Check),
    /// Judge messages: which are bounces, whose message each returns, and what to do about it
    ///
    /// Prints a line for each message: verdict, class, reason, disposition and name, with tabs between. An input is a file
    /// with one message, a mailbox (mbox), whose messages are named FILE:NUMBER, a Maildir, or another folder, of which all
    /// files are taken. Without any, standard input is one message, or a mailbox.
    ///
    /// The verdicts: genuine, unverified, disproved, not-judged, undecided. Where --from is not given and no Return-Path
    /// tells the sender, a bounce or a read receipt is taken to be from `<>`, and anything else not. Where --to is not
    /// given, the first of these fields tells the recipient: X-BATV-Recipient, Delivered-To, X-Original-To, Envelope-To, or
    /// To when it names one. A message without any has the reason no-recipient.
    #[command(after_help = "\
Exit status:
  0  no message is unverified or disproved
  1  some message is, or its recipient is not known
  2  some input can't be read, or there is no readable key

Examples:
  batv judge --from '<>' --to alice@example.com < bounce.eml
  batv judge --explain --at 2026-11-23 bounce.eml
  batv judge --summary --as-received --marked-since 2026-10-01 ~/Maildir")]
    Judge(Judge),
    /// Tell whether a bounce or an automatic reply may go to the sender of a message
    ///
    /// Reads the message from standard input, and prints the answer, a tab, and the reason. An answer to a forged sender
    /// hits whoever was forged, so it takes a proof: what your own border writes into Authentication-Results, under a name
    /// that is given with --authserv-id; or, for senders of your own, a good tag or a client that has authenticated. Your
    /// border must remove what comes from outside under its name. What may leave leaves from `<>`, and to the sender alone.
    ///
    /// The answers: yes, no, hold, reject-first (refuse the message instead, while the client waits for a reply).
    #[command(after_help = "\
Exit status:
  0  it may be sent
  1  it may not, or not yet
  2  wrong usage, no known sender, or a keyring that can't be read

Examples:
  batv may-bounce --from alice@example.org --authserv-id mx.example.com < message.eml
  batv may-bounce --kind reply --authserv-id mx.example.com --protected example.com --explain < message.eml")]
    MayBounce(MayBounce),
    /// Report what came and what mode reject would have refused, from the logs of batvd
    ///
    /// Reads what `journalctl -u batvd` prints (as it is, or with `-o short-iso`, `cat` or `json`), files of syslog, and
    /// standard error of batvd; lines of others are skipped. Addresses are redacted. Times are taken as UTC where they name
    /// no zone, and as of the latest year in which they are not still to come where they name no year. Compressed logs must
    /// come through a pipe: `zcat mail.log.2.gz | batv report`.
    #[command(after_help = "\
Exit status:
  0  something is reported
  1  no line tells of a recipient or a sender
  2  wrong usage, or trouble with a file

Examples:
  journalctl -u batvd -o short-iso --since -7days | batv report
  batv report --html --domain example.com /var/log/mail.log.1 /var/log/mail.log > report.html")]
    Report(Report),
    /// Rewrite the senders of forwarded mail, and restore them (SRS)
    #[command(after_help = "\
Examples:
  batv srs forward --domain forwarder.example.net alice@example.com
  batv srs reverse --domain forwarder.example.net SRS0=Xu1M=2W=example.com=alice@forwarder.example.net")]
    Srs(Srs),
    /// Make, rotate and list keys
    #[command(after_help = "\
Examples:
  batv key new
  batv key list")]
    Key(Key),
    /// Take over the keys and the configuration of another program
    ///
    /// Adds the keys to the keyring, and prints a configuration for batvd that does what that of the other program did, as
    /// far as it can. Comments in it say where each setting comes from, what has no counterpart, and what to do instead.
    /// What a file only tells when its own program runs, such as a lookup, is not guessed. Keys that the keyring has
    /// already stay as they are, so it may be run again.
    #[command(after_help = "\
Exit status:
  0  all was taken over
  1  something is left for you: standard error says what, and so does the end of the configuration
  2  wrong usage, or a file, a key or the keyring that can't be read or changed

Examples:
  batv migrate --dry-run batv-tools /etc/batv-milter.conf
  batv migrate postsrsd /etc/default/postsrsd --keyring /etc/batv/keyring.toml --out /etc/batv/batvd.toml
  batv migrate exim /etc/exim4/exim4.conf /etc/exim4/batv.conf")]
    Migrate(Migrate),
    /// Print manual pages and shell completions
    #[command(after_help = "\
Examples:
  batv generate man sign | man -l -
  batv generate completions bash > /etc/bash_completion.d/batv")]
    Generate(Generate),
}

#[derive(Args, Debug)]
pub(crate) struct Sign {
    #[command(flatten)]
    pub(crate) addresses: Addresses,
    /// Where the tag stands, and how long it is
    #[arg(long, value_enum, default_value_t)]
    pub(crate) form: Form,
    /// What stands between the address and a tag of the form sub-address
    #[arg(long, value_name = "CHARACTER", default_value = "+", allow_hyphen_values = true, value_parser = delimiter)]
    pub(crate) delimiter: Delimiter,
    /// Days that the tag is valid, at most the lifetime of the key, which is the default
    #[arg(long, value_name = "DAYS", value_parser = lifetime)]
    pub(crate) lifetime: Option<Lifetime>,
    #[command(flatten)]
    pub(crate) keys: BatvKeySource,
    #[command(flatten)]
    pub(crate) clock: Clock,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Form {
    /// `prvs=KDDDSSSSSS=alice@…`, as the draft, Exim and batv-tools have it
    #[default]
    Prvs,
    /// `alice+prvs=KDDDSSSSSS@…`, for servers that ignore what follows a delimiter
    SubAddress,
    /// `batv=KDDD…=alice@…`, with 60 bits of MAC instead of 24, which only this program verifies
    Strong,
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) addresses: Addresses,
    /// Tell on standard error, step by step, how the verdict came about
    #[arg(long)]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) asked: Asked,
}

#[derive(Args, Debug)]
pub(crate) struct Unwrap {
    #[command(flatten)]
    pub(crate) addresses: Addresses,
    /// Take off only what has the exact shape that its makers give it
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Recipients (RCPT TO), or `-` for standard input, one a line
    #[arg(value_name = "ADDRESS")]
    pub(crate) addresses: Vec<OsString>,
    /// The sender (MAIL FROM)
    #[arg(long, value_name = "PATH", default_value = "<>", allow_hyphen_values = true)]
    pub(crate) from: OsString,
    /// A recipient (RCPT TO); the same as an argument
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true)]
    pub(crate) to: Vec<OsString>,
    /// The client is one of ours, or one that is never judged
    #[arg(long)]
    pub(crate) trusted_client: bool,
    #[command(flatten)]
    pub(crate) policy: Policy,
    /// When to refuse what only the message could still prove
    ///
    /// With `data`, an untagged recipient of a null sender is taken here, and judged by the message: whoever only asks
    /// whether a mailbox exists (a callout) is not told that it doesn't.
    #[arg(long, value_name = "WHEN", default_value = "data", value_parser = named::<Stage>(&["rcpt", "data"]))]
    pub(crate) reject_at: Stage,
    /// Tell on standard error, step by step, how the verdict came about
    #[arg(long)]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) asked: Asked,
}

#[derive(Args, Debug)]
pub(crate) struct Policy {
    /// How far to go with what is not proved
    #[arg(long, default_value = "reject", value_parser = named::<Mode>(&["observe", "mark", "quarantine", "reject"]))]
    pub(crate) mode: Mode,
    /// How far to go for one domain or mailbox (repeatable)
    #[arg(long = "mode-for", value_name = "PATTERN=MODE", value_parser = mode_for)]
    pub(crate) modes: Vec<(String, Mode)>,
    /// A domain or mailbox that tags all it sends (repeatable); else: what the keys serve
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    pub(crate) protected: Vec<String>,
    /// A domain or mailbox that is not judged all the same (repeatable)
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    pub(crate) exempt: Vec<String>,
    /// The form in which senders are tagged: what has no room for it is sent without
    #[arg(long, value_enum, default_value_t)]
    pub(crate) form: Form,
    /// The day from which on all that was sent has a tag; bounces without one are taken until older mail can't bounce
    #[arg(long, value_name = "DATE", value_parser = clock::parse_at)]
    pub(crate) signing_since: Option<Day>,
    /// What to do when there is no key to judge by
    #[arg(long, value_name = "ACTION", value_enum, default_value_t)]
    pub(crate) on_error: OnError,
    /// A domain whose SRS addresses are ours (repeatable); without any, an SRS address is judged as any other
    #[arg(long = "srs-domain", value_name = "DOMAIN", value_parser = domain)]
    pub(crate) srs_domains: Vec<String>,
    /// The fewest characters of the hash of an SRS address that are taken, 4 to 27; with an hmac-sha256 key never fewer than 12
    #[arg(long, value_name = "N", default_value_t = srs::HASH_MINIMUM)]
    pub(crate) srs_hash_minimum: u8,
    /// Days that an SRS address lives, 1 to 1000
    #[arg(long, value_name = "DAYS", default_value_t = srs::DEFAULT_MAX_AGE)]
    pub(crate) srs_max_age: u16,
    /// An SRS address takes mail that is no bounce, too
    #[arg(long)]
    pub(crate) srs_takes_mail: bool,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum OnError {
    /// Refuse for now, so that the client tries again
    #[default]
    Tempfail,
    /// Take the recipient
    Accept,
}

#[derive(Args, Debug)]
pub(crate) struct Judge {
    /// Messages: files, mailboxes and folders, or `-` for standard input
    #[arg(value_name = "FILE")]
    pub(crate) inputs: Vec<OsString>,
    /// The sender of each message (MAIL FROM)
    #[arg(long, value_name = "PATH", allow_hyphen_values = true, value_parser = path)]
    pub(crate) from: Option<String>,
    /// The recipient of each message (RCPT TO)
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true, value_parser = mailbox)]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) policy: Policy,
    /// The day from which on all that was sent has a mark; later, a bounce of what has none is not ours
    #[arg(long, value_name = "DATE", value_parser = clock::parse_at)]
    pub(crate) marked_since: Option<Day>,
    /// A domain, besides those that are protected, in which the hosts are that our mail leaves by (repeatable)
    #[arg(long = "host", value_name = "DOMAIN", value_parser = domain)]
    pub(crate) hosts: Vec<String>,
    /// A public key of our DKIM signatures, in a file with its DNS record or in PEM (repeatable)
    #[arg(long = "dkim-key", value_name = "DOMAIN:SELECTOR:FILE")]
    pub(crate) dkim_keys: Vec<String>,
    /// A name under which your own border writes Authentication-Results (repeatable): a report whose author it proves is taken
    #[arg(long = "authserv-id", value_name = "NAME")]
    pub(crate) authserv_ids: Vec<String>,
    /// A mailbox or domain that is there for reports on DMARC, TLS and abuse (repeatable)
    #[arg(long = "report-recipient", value_name = "PATTERN", value_parser = pattern)]
    pub(crate) report_recipients: Vec<String>,
    /// Hold read receipts that prove nothing, instead of marking them
    #[arg(long)]
    pub(crate) hold_receipts: bool,
    /// Refuse disproved bounces also where they have a reverse-path, with --mode reject
    #[arg(long)]
    pub(crate) reject_daemon_senders: bool,
    /// Refuse untagged bounces also where nothing tells whose message they return, with --mode reject
    #[arg(long)]
    pub(crate) reject_unverified: bool,
    /// Act for each message as on the day on which it was received, as its first field Received tells, or else Date
    ///
    /// An archive needs it: by now its tags have expired, and what came before there were tags or marks is not told from
    /// what came later. What came before --signing-since is not judged; without that, what came before there was a key is
    /// undecided.
    #[arg(long)]
    pub(crate) as_received: bool,
    /// The most octets of a message that are read
    #[arg(long, value_name = "N", default_value = "16777216")]
    pub(crate) max_octets: u32,
    /// Tell on standard error what was seen, in its order, and how the verdict came about; with --json, in the objects
    #[arg(long)]
    pub(crate) explain: bool,
    /// Print numbers only: verdicts and classes, what each mode would have done, the largest causes of what did not verify
    #[arg(long, conflicts_with = "explain")]
    pub(crate) summary: bool,
    #[command(flatten)]
    pub(crate) asked: Asked,
}

#[derive(Args, Debug)]
pub(crate) struct Report {
    /// Logs, or `-` for standard input, which is read when none is given
    #[arg(value_name = "LOG")]
    pub(crate) inputs: Vec<OsString>,
    /// Print a page of HTML
    #[arg(long, conflicts_with = "json")]
    pub(crate) html: bool,
    /// Leave out what was before this day (UTC), and what has no time
    #[arg(long, value_name = "DATE", value_parser = clock::parse_at)]
    pub(crate) since: Option<Day>,
    /// A domain or mailbox that the report is of (repeatable): of recipients who were judged, and of senders whose mail left
    #[arg(long = "domain", value_name = "PATTERN", value_parser = pattern)]
    pub(crate) domains: Vec<String>,
    /// Show addresses whole
    #[arg(long)]
    pub(crate) show_addresses: bool,
    #[command(flatten)]
    pub(crate) clock: Clock,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct MayBounce {
    /// The sender of the message (MAIL FROM) [default: as Return-Path tells]
    #[arg(long, value_name = "PATH", allow_hyphen_values = true, value_parser = path)]
    pub(crate) from: Option<String>,
    /// The recipient that is to be reported on (RCPT TO); it is repeated in the answer of --json
    #[arg(long, value_name = "ADDRESS", allow_hyphen_values = true, value_parser = mailbox)]
    pub(crate) to: Option<String>,
    /// What would be sent
    #[arg(long, value_enum, default_value_t)]
    pub(crate) kind: Kind,
    /// What the sender asked to be told about (NOTIFY): NEVER, or some of SUCCESS, FAILURE and DELAY with commas between
    #[arg(long, value_name = "NOTIFY")]
    pub(crate) notify: Option<Notify>,
    /// A name under which your own border writes Authentication-Results (repeatable); all others are ignored
    #[arg(long = "authserv-id", value_name = "NAME")]
    pub(crate) authserv_ids: Vec<String>,
    /// A domain whose ARC seals are believed (repeatable)
    #[arg(long = "trust-sealer", value_name = "DOMAIN")]
    pub(crate) sealers: Vec<String>,
    /// A domain or mailbox of your own (repeatable): it takes more than a name to be one
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    pub(crate) protected: Vec<String>,
    /// A domain or mailbox that gets bounces though nothing proves it (repeatable)
    #[arg(long = "allow", value_name = "PATTERN", value_parser = pattern)]
    pub(crate) allowed: Vec<String>,
    /// A domain or mailbox that stands for the null sender (repeatable), as `double-bounce@…` does
    #[arg(long, value_name = "PATTERN", value_parser = pattern)]
    pub(crate) double_bounce: Vec<String>,
    /// Hold what nothing proves or disproves, instead of not sending it
    #[arg(long)]
    pub(crate) hold: bool,
    /// The client has authenticated, or is a machine of your own
    #[arg(long)]
    pub(crate) authenticated: bool,
    /// The client still waits for a reply, so that the message can be refused instead
    #[arg(long)]
    pub(crate) can_reject: bool,
    /// A filter takes the message for spam or malware
    #[arg(long)]
    pub(crate) hostile: bool,
    /// The domain of the sender takes no mail: its MX is null, or it has neither MX nor address
    #[arg(long)]
    pub(crate) unroutable: bool,
    /// Tell on standard error, step by step, how the answer came about
    #[arg(long)]
    pub(crate) explain: bool,
    #[command(flatten)]
    pub(crate) asked: Asked,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Kind {
    /// A report that the message was not delivered
    #[default]
    Report,
    /// An automatic reply: a vacation notice, a receipt, an answer of a robot
    Reply,
}

#[derive(Args, Debug)]
pub(crate) struct Srs {
    #[command(subcommand)]
    pub(crate) direction: Direction,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Direction {
    /// Rewrite senders into a domain of ours
    ///
    /// The null sender and senders of our own domains stay as they are. What can't be rewritten is printed as it came, with
    /// the reason on standard error, and exit status 1.
    #[command(after_help = "\
Examples:
  batv srs forward --domain forwarder.example.net alice@example.com
  batv srs forward --domain forwarder.example.net --key-file /etc/postsrsd.secret < senders.txt")]
    Forward(SrsForward),
    /// Restore rewritten senders
    ///
    /// For one address: prints the restored sender when it is valid, and the reason on standard error when it is not. For
    /// several, or a stream: a line for each with the verdict, a tab, and the address.
    ///
    /// The verdicts: valid, expired, bad-mac, foreign (rewritten, but not into our domains), untagged, malformed.
    #[command(after_help = "\
Examples:
  batv srs reverse --domain forwarder.example.net SRS0=Xu1M=2W=example.com=alice@forwarder.example.net
  batv srs reverse --domain forwarder.example.net --json < recipients.txt")]
    Reverse(SrsReverse),
}

#[derive(Args, Debug)]
pub(crate) struct SrsForward {
    #[command(flatten)]
    pub(crate) addresses: Addresses,
    #[command(flatten)]
    pub(crate) rewriting: Rewriting,
    #[command(flatten)]
    pub(crate) keys: KeySource,
    #[command(flatten)]
    pub(crate) clock: Clock,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct SrsReverse {
    #[command(flatten)]
    pub(crate) addresses: Addresses,
    #[command(flatten)]
    pub(crate) rewriting: Rewriting,
    #[command(flatten)]
    pub(crate) keys: KeySource,
    #[command(flatten)]
    pub(crate) clock: Clock,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct Rewriting {
    /// A domain of ours (repeatable); senders are rewritten into the first
    #[arg(long = "domain", value_name = "OURS", required = true, value_parser = domain)]
    pub(crate) domains: Vec<String>,
    /// What stands after SRS0 and SRS1: `=`, `+` or `-`
    #[arg(long, value_name = "CHARACTER", default_value = "=", allow_hyphen_values = true, value_parser = separator)]
    pub(crate) separator: Separator,
    /// Characters of the hash that is made, 4 to 27 [default: 4, or the minimum; 12 with an hmac-sha256 key]
    #[arg(long, value_name = "N")]
    pub(crate) hash_length: Option<u8>,
    /// The fewest characters of a hash that are taken, 4 to 27; with an hmac-sha256 key never fewer than 12
    #[arg(long, value_name = "N", default_value_t = srs::HASH_MINIMUM)]
    pub(crate) hash_minimum: u8,
    /// Days that a rewritten sender lives, 1 to 1000
    #[arg(long, value_name = "DAYS", default_value_t = srs::DEFAULT_MAX_AGE)]
    pub(crate) max_age: u16,
    /// Rewrite senders of our own domains too
    #[arg(long)]
    pub(crate) always_rewrite: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Key {
    #[command(subcommand)]
    pub(crate) operation: Operation,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Operation {
    /// Add a new random key
    ///
    /// It signs at once when no other key does for its use and domains; else it only verifies until it is promoted, so that
    /// all hosts can have it before its first tag comes back. Makes the keyring when there is none.
    #[command(after_help = "\
Examples:
  batv key new
  batv key new --use srs --algorithm hmac-sha1")]
    New(KeyNew),
    /// List the keys, never their secrets
    #[command(after_help = "\
Examples:
  batv key list
  batv key list --json --keyring /etc/batv/keyring.toml")]
    List(KeyList),
    /// Add a new random key that signs from now on
    ///
    /// The key that signed until now verifies its tags until the last one has expired. An id is not given out again while a
    /// tag made with it can be alive.
    #[command(after_help = "\
Examples:
  batv key rotate
  batv key rotate --domain example.com --lifetime 14")]
    Rotate(KeyRotate),
    /// Let a key sign that has only verified until now
    ///
    /// The key that signed until now verifies its tags until the last one has expired.
    #[command(after_help = "\
Examples:
  batv key promote 3
  batv key promote --use srs")]
    Promote(KeyPromote),
    /// Take a key out of service
    ///
    /// Refused while its tags can be alive, and for the only key that signs.
    #[command(after_help = "\
Examples:
  batv key retire 2
  batv key retire 2 --force")]
    Retire(KeyRetire),
    /// Add the key of another program
    #[command(after_help = "\
Examples:
  batv key import --format batv-tools /etc/batv/batv.key
  batv key import --format postsrsd /etc/postsrsd.secret")]
    Import(KeyImport),
    /// Print a key for another program, or write it to a file
    ///
    /// This prints a secret, and so refuses to print on a terminal.
    #[command(after_help = "\
Examples:
  batv key export 0 --format batv-tools --out /etc/batv/batv.key
  batv key export --format postsrsd --out /etc/postsrsd.secret")]
    Export(KeyExport),
}

#[derive(Args, Debug)]
pub(crate) struct KeyNew {
    #[command(flatten)]
    pub(crate) key: NewKey,
    #[command(flatten)]
    pub(crate) keyring: KeyringFile,
    #[command(flatten)]
    pub(crate) clock: Clock,
}

#[derive(Args, Debug)]
pub(crate) struct KeyList {
    #[command(flatten)]
    pub(crate) keyring: KeyringFile,
    #[command(flatten)]
    pub(crate) clock: Clock,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct KeyRotate {
    #[command(flatten)]
    pub(crate) key: NewKey,
    #[command(flatten)]
    pub(crate) keyring: KeyringFile,
    #[command(flatten)]
    pub(crate) clock: Clock,
}

#[derive(Args, Debug)]
pub(crate) struct KeyPromote {
    #[command(flatten)]
    pub(crate) key: WhichKey,
    #[command(flatten)]
    pub(crate) keyring: KeyringFile,
    #[command(flatten)]
    pub(crate) clock: Clock,
}

#[derive(Args, Debug)]
pub(crate) struct KeyRetire {
    #[command(flatten)]
    pub(crate) key: WhichKey,
    /// Retire it all the same: bounces to its tags will not verify any more
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) keyring: KeyringFile,
    #[command(flatten)]
    pub(crate) clock: Clock,
}

#[derive(Args, Debug)]
pub(crate) struct KeyImport {
    /// The file, or `-` for standard input
    pub(crate) file: PathBuf,
    /// Which program the file is from
    #[arg(long, value_enum)]
    pub(crate) format: Format,
    /// The id of the key, 0 to 9 [default: 0, which is all that batv-tools has, and what Exim uses when not told otherwise]
    #[arg(long, value_name = "N", value_parser = key_id)]
    pub(crate) id: Option<KeyId>,
    /// Days that a tag is valid, 1 to 180 [default: 7]
    #[arg(long, value_name = "DAYS", value_parser = lifetime)]
    pub(crate) lifetime: Option<Lifetime>,
    /// A domain or mailbox that the key is for (repeatable) [default: everybody]
    #[arg(long = "domain", value_name = "PATTERN", value_parser = pattern)]
    pub(crate) domains: Vec<String>,
    #[command(flatten)]
    pub(crate) keyring: KeyringFile,
    #[command(flatten)]
    pub(crate) clock: Clock,
}

#[derive(Args, Debug)]
pub(crate) struct KeyExport {
    /// The id of the key, 0 to 9, where there are several; postsrsd gets all SRS keys
    #[arg(value_name = "ID", value_parser = key_id)]
    pub(crate) id: Option<KeyId>,
    /// A domain or mailbox that it is for (repeatable), where several keys have this id
    #[arg(long = "domain", value_name = "PATTERN", value_parser = pattern)]
    pub(crate) domains: Vec<String>,
    /// Which program the file is for
    #[arg(long, value_enum)]
    pub(crate) format: Format,
    /// Write to this new file, of mode 0600
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) keyring: KeyringFile,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// One secret: all octets of the file, a newline at the end too
    BatvTools,
    /// One secret: the text, without a newline
    Exim,
    /// Secrets for SRS, one a line, of which the first signs
    Postsrsd,
}

#[derive(Args, Debug)]
pub(crate) struct Migrate {
    /// Which program the files are from
    #[arg(value_enum, value_name = "FORMAT")]
    pub(crate) format: ForeignFormat,
    /// Its configuration: all its files, in the order in which it reads them
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Look for the files that these name under this folder: a copy of the other host
    #[arg(long, value_name = "FOLDER")]
    pub(crate) root: Option<PathBuf>,
    /// Write the configuration to this new file, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Change no file: print what would be done
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) keyring: KeyringFile,
    #[command(flatten)]
    pub(crate) clock: Clock,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ForeignFormat {
    /// The configuration file of batv-milter
    BatvTools,
    /// Exim's configuration, with ${prvs…} and ${prvscheck…} in it
    Exim,
    /// The file of PostSRSd: /etc/default/postsrsd of 1.x, or postsrsd.conf of 2.x
    Postsrsd,
}

#[derive(Args, Debug)]
pub(crate) struct Generate {
    #[command(subcommand)]
    pub(crate) what: Generated,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Generated {
    /// Print a manual page, or write all of them
    #[command(after_help = "\
Examples:
  batv generate man sign | man -l -
  batv generate man --out /usr/local/share/man/man1")]
    Man(Man),
    /// Print completions for a shell
    #[command(after_help = "\
Examples:
  batv generate completions bash > /etc/bash_completion.d/batv
  batv generate completions fish > ~/.config/fish/completions/batv.fish")]
    Completions(Completions),
}

#[derive(Args, Debug)]
pub(crate) struct Man {
    /// The subcommand that the page is for, such as `sign` or `srs forward`; else the page of batv itself
    #[arg(value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
    /// Write the pages of all subcommands into this directory
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "command")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Completions {
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

#[derive(Args, Debug)]
pub(crate) struct NewKey {
    /// What it is for
    #[arg(long = "use", value_name = "USE", value_enum, default_value_t)]
    pub(crate) key_use: Use,
    /// Its id, 0 to 9 [default: the lowest that is free]
    #[arg(long, value_name = "N", value_parser = key_id)]
    pub(crate) id: Option<KeyId>,
    /// hmac-sha1 to share the key with Exim, batv-tools or an SRS program [default: that of the key that it takes over
    /// from, else hmac-sha256]
    #[arg(long, value_parser = named::<Algorithm>(&["hmac-sha256", "hmac-sha1"]))]
    pub(crate) algorithm: Option<Algorithm>,
    /// Days that its tags are valid, 1 to 180 [default: those of the key that it takes over from, else 7]
    #[arg(long, value_name = "DAYS", value_parser = lifetime)]
    pub(crate) lifetime: Option<Lifetime>,
    /// A domain or mailbox that it is for (repeatable) [default: everybody]
    #[arg(long = "domain", value_name = "PATTERN", value_parser = pattern)]
    pub(crate) domains: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct WhichKey {
    /// Its id, 0 to 9
    #[arg(value_name = "ID", value_parser = key_id)]
    pub(crate) id: Option<KeyId>,
    /// What it is for
    #[arg(long = "use", value_name = "USE", value_enum, default_value_t)]
    pub(crate) key_use: Use,
    /// A domain or mailbox that it is for (repeatable), where several keys have this id
    #[arg(long = "domain", value_name = "PATTERN", value_parser = pattern)]
    pub(crate) domains: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub(crate) enum Use {
    /// Tags of our own senders
    #[default]
    Batv,
    /// Senders of mail that we forward
    Srs,
}

#[derive(Args, Debug)]
pub(crate) struct KeyringFile {
    /// The keyring [default: BATV_KEYRING, else your own, else the system's]
    #[arg(long, value_name = "FILE")]
    pub(crate) keyring: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) permissions: Permissions,
}

#[derive(Args, Debug)]
pub(crate) struct Permissions {
    /// Read keys from a file even when others than its owner can
    #[arg(long)]
    pub(crate) allow_readable: bool,
}

#[derive(Args, Debug)]
pub(crate) struct KeySource {
    /// The keyring [default: BATV_KEYRING, else your own, else the system's]
    #[arg(long, value_name = "FILE")]
    pub(crate) keyring: Option<PathBuf>,
    /// A file that holds one secret: all its octets, a newline at the end too, as batv-tools reads it
    #[arg(long, value_name = "FILE", conflicts_with = "keyring")]
    pub(crate) key_file: Option<PathBuf>,
    /// The algorithm of the key in --key-file [default: hmac-sha1]
    #[arg(long, requires = "key_file", value_parser = named::<Algorithm>(&["hmac-sha1", "hmac-sha256"]))]
    pub(crate) algorithm: Option<Algorithm>,
    #[command(flatten)]
    pub(crate) permissions: Permissions,
}

#[derive(Args, Debug)]
pub(crate) struct BatvKeySource {
    #[command(flatten)]
    pub(crate) source: KeySource,
    /// The id of the key in --key-file, 0 to 9 [default: 0]
    #[arg(long, value_name = "N", requires = "key_file", value_parser = key_id)]
    pub(crate) key_id: Option<KeyId>,
}

// What every question about tags has. Clap would print a doc comment of it as what the command is about.
#[derive(Args, Debug)]
pub(crate) struct Asked {
    /// Days that a tag of the key in --key-file is valid [default: 7]
    #[arg(long, value_name = "DAYS", requires = "key_file", value_parser = lifetime)]
    pub(crate) lifetime: Option<Lifetime>,
    #[command(flatten)]
    pub(crate) keys: BatvKeySource,
    #[command(flatten)]
    pub(crate) clock: Clock,
    #[command(flatten)]
    pub(crate) output: Output,
}

#[derive(Args, Debug)]
pub(crate) struct Addresses {
    /// Addresses, or `-` for standard input, one a line
    #[arg(value_name = "ADDRESS")]
    pub(crate) addresses: Vec<OsString>,
}

#[derive(Args, Debug)]
pub(crate) struct Clock {
    /// Act as on this day: a date, or a date-time of RFC 3339 [default: today in UTC]
    #[arg(long, value_name = "DATE", value_parser = clock::parse_at)]
    pub(crate) at: Option<Day>,
}

#[derive(Args, Debug)]
pub(crate) struct Output {
    /// Print one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

fn named<T>(names: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err = UnknownName> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse())
}

fn delimiter(text: &str) -> Result<Delimiter, String> {
    let character = text.parse().map_err(|_| "one character is needed".to_owned())?;
    Delimiter::new(character).map_err(|error| error.to_string())
}

fn separator(text: &str) -> Result<Separator, &'static str> {
    text.parse().ok().and_then(|character| Separator::new(character).ok()).ok_or("one of =, + and - is needed")
}

fn lifetime(text: &str) -> Result<Lifetime, String> {
    let days = text.parse().map_err(|_| "a number of days is needed".to_owned())?;
    Lifetime::new(days).map_err(|error| error.to_string())
}

fn key_id(text: &str) -> Result<KeyId, String> {
    let number = text.parse().map_err(|_| "a digit from 0 to 9 is needed".to_owned())?;
    KeyId::new(number).map_err(|error| error.to_string())
}

fn domain(text: &str) -> Result<String, batv_core::Error> {
    let domain = address::domain(text);
    Domain::parse(&domain)?;
    Ok(domain.into_owned())
}

fn path(text: &str) -> Result<String, batv_core::Error> {
    address::reverse_path(text.as_bytes()).map(Cow::into_owned)
}

fn mailbox(text: &str) -> Result<String, batv_core::Error> {
    address::forward_path(text.as_bytes()).map(Cow::into_owned)
}

fn mode_for(text: &str) -> Result<(String, Mode), String> {
    // A local part may have the sign, a mode has not.
    let (name, mode) = text.rsplit_once('=').ok_or("it must be like example.com=mark")?;
    let mode = mode.parse().map_err(|_| "the mode must be observe, mark, quarantine or reject")?;
    let name = pattern(name).map_err(|error| error.to_string())?;
    Ok((name.to_ascii_lowercase(), mode))
}

fn pattern(text: &str) -> Result<String, batv_core::Error> {
    address::pattern(text).map(|pattern| pattern.as_str().to_owned())
}
