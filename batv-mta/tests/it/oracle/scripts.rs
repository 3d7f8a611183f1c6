//! The packets of a mail server in each case, and the intended differences from libmilter.

use batv_tests::milter::{
    ABORT, END_OF_MESSAGE, Offer, QUIT, QUIT_NEW_CONNECTION, body, connect, header, helo, macros, mail, recipient,
};
use batv_tests::site::ALICE;

/// Of the messages that are signed, as `filter.rs` knows.
const MESSAGE_ID: &str = "<1@example.com>";
const DAVE: &str = "dave@example.net";

/// One case.
pub(crate) struct Script {
    pub(crate) name: &'static str,
    pub(crate) offer: Offer,
    pub(crate) packets: Vec<Vec<u8>>,
    /// Octets that are no packet, at the end.
    pub(crate) octets: &'static [u8],
    pub(crate) differences: Vec<Difference>,
}

/// Where the answer to a packet is another.
pub(crate) struct Difference {
    pub(crate) why: &'static str,
    /// The packet as the transcript shows it, in part.
    pub(crate) packet: &'static str,
    /// How our answer begins.
    pub(crate) ours: &'static str,
    /// How libmilter's answer begins.
    pub(crate) libmilter: &'static str,
}

/// A client that has not authenticated itself.
fn client() -> Vec<u8> {
    connect("client.example.net", 12345, "192.0.2.7")
}

fn authenticated() -> Vec<u8> {
    macros(b'M', &["{auth_type}", "PLAIN", "{mail_mailer}", "smtp"])
}

/// A filter that marks outgoing mail adds a missing Message-ID, which nothing else can predict.
fn identified() -> Vec<u8> {
    header("Message-ID", MESSAGE_ID)
}

fn signed() -> Vec<Vec<u8>> {
    vec![
        authenticated(),
        mail(ALICE),
        recipient(DAVE),
        macros(b'T', &[]),
        b"T".to_vec(),
        header("From", ALICE),
        identified(),
        b"N".to_vec(),
        body(b"Text.\r\n"),
        macros(b'E', &["i", "4Zx1Fq2Bkz9"]),
        END_OF_MESSAGE.to_vec(),
    ]
}

fn restored(tag: &str) -> Vec<Vec<u8>> {
    vec![
        macros(b'M', &[]),
        mail(""),
        recipient(tag),
        header("Subject", "failed"),
        body(b"Text.\r\n"),
        body(b"More.\r\n"),
        END_OF_MESSAGE.to_vec(),
    ]
}

impl Script {
    fn but(mut self, packet: &'static str, ours: &'static str, libmilter: &'static str, why: &'static str) -> Self {
        self.differences.push(Difference { why, packet, ours, libmilter });
        self
    }
}

fn script(name: &'static str, packets: Vec<Vec<u8>>) -> Script {
    Script { name, offer: Offer::USUAL, packets, octets: b"", differences: Vec::new() }
}

/// After the connection of a client, and before the end.
fn session(name: &'static str, packets: Vec<Vec<u8>>) -> Script {
    let ends = [vec![client(), helo("client.example.net")], packets, vec![QUIT.to_vec()]];
    script(name, ends.concat())
}

fn offering(name: &'static str, offer: Offer, tag: &str) -> Script {
    Script { offer, ..session(name, [signed(), restored(tag)].concat()) }
}

const ALL_STEPS: &str = "for libmilter a server that offers none offers those of the first version: we believe it";
const OLD: &str = "libmilter refuses versions that no server speaks: for us the actions decide";
const ORDER: &str = "libmilter does not answer packets out of order: a mail server would wait until it gives up";

/// All of them: `tag` is Alice's address of today, `forged` one that looks like it.
pub(crate) fn scripts(tag: &str, forged: &str, over_tcp: bool) -> Vec<Script> {
    // Where fields are not answered, the next packet that is shows that the filter is gone.
    let (packet, ours) = if over_tcp { ("L", "c") } else { ("E", "e<prvs=") };
    let one = |packet: Vec<u8>| vec![packet];
    let usual = Offer::USUAL;
    vec![
        session("signing", signed()),
        session("signing twice", [signed(), signed()].concat()),
        session("not ours", vec![mail(ALICE), recipient(DAVE), END_OF_MESSAGE.to_vec()]),
        session("a restored bounce", restored(tag)),
        session(
            "a refused recipient, and one that is taken",
            vec![mail(""), recipient(forged), recipient(tag), header("Subject", "failed"), END_OF_MESSAGE.to_vec()],
        ),
        session("a refused recipient and no other", vec![mail(""), recipient(forged), ABORT.to_vec()]),
        session(
            "forged fields",
            vec![
                mail(DAVE),
                recipient(ALICE),
                header("X-BATV-Status", "valid"),
                header("Subject", "test"),
                header("x-batv-status", "valid"),
                header("X-BATV-Verdict", "genuine"),
                header("X-BATV-STATUS", ""),
                header("x-batv-verdict", ""),
                END_OF_MESSAGE.to_vec(),
            ],
        ),
        session(
            "forged fields of a bounce",
            [vec![mail(""), recipient(tag), header("X-BATV-Status", "forged"), END_OF_MESSAGE.to_vec()], signed()]
                .concat(),
        ),
        session("aborted, and another", [signed()[..7].to_vec(), one(ABORT.to_vec()), restored(tag)].concat()),
        session("aborted before it began", [one(ABORT.to_vec()), signed()].concat()),
        session(
            "another client on the connection",
            [
                signed(),
                vec![QUIT_NEW_CONNECTION.to_vec(), client(), helo("other.example.net")],
                restored(tag),
                vec![QUIT_NEW_CONNECTION.to_vec(), client()],
                vec![mail(ALICE), recipient(DAVE), END_OF_MESSAGE.to_vec()],
            ]
            .concat(),
        ),
        session(
            "another client after half a message",
            [signed()[..4].to_vec(), vec![ABORT.to_vec(), QUIT_NEW_CONNECTION.to_vec(), client()], restored(tag)]
                .concat(),
        ),
        session("the end in the middle of a message", signed()[..6].to_vec()),
        script("the end at once", one(QUIT.to_vec())),
        offering("version 2", Offer { version: 2, ..usual }, tag),
        offering("version 3", Offer { version: 3, ..usual }, tag),
        offering("version 4", Offer { version: 4, ..usual }, tag),
        offering("version 5", Offer { version: 5, ..usual }, tag),
        offering("version 7", Offer { version: 7, ..usual }, tag),
        offering("every bit", Offer { version: 6, actions: u32::MAX, steps: u32::MAX }, tag),
        offering("no unanswered steps", Offer { steps: 0x7f, ..usual }, tag),
        offering("unanswered fields alone", Offer { steps: 0xff, ..usual }, tag),
        offering("no lists of macros", Offer { actions: 0xff, ..usual }, tag),
        offering("no quarantine", Offer { actions: 0x1df, ..usual }, tag),
        offering("no changed senders", Offer { actions: 0x1bf, ..usual }, tag),
        offering("version 2 as it was", Offer { version: 2, actions: 0x3f, steps: 0x7f }, tag),
        session(
            "odd lists of macros",
            [
                vec![macros(b'C', &["j"]), macros(b'M', &["{auth_type}", "PLAIN", "odd"])],
                signed()[1..].to_vec(),
                vec![macros(b'M', &[]), macros(b'R', &["i", "", "odd"]), b"DE".to_vec()],
                restored(tag),
            ]
            .concat(),
        ),
        session(
            "macros of a message before",
            [signed(), vec![mail(ALICE), recipient(DAVE), identified(), END_OF_MESSAGE.to_vec()]].concat(),
        ),
        session("an empty authentication", [one(macros(b'M', &["{auth_type}", ""])), signed()[1..].to_vec()].concat()),
        session(
            "empty values",
            [
                signed()[..3].to_vec(),
                vec![identified(), header("Subject", ""), header("X-BATV-Status", "")],
                one(END_OF_MESSAGE.to_vec()),
            ]
            .concat(),
        ),
        session(
            "a field without a value",
            [signed()[..3].to_vec(), vec![identified(), b"LX-Bare\0".to_vec(), END_OF_MESSAGE.to_vec()]].concat(),
        )
        .but(packet, ours, "closed", "a field without a value has an empty one: no mail is lost for that"),
        session(
            "8-bit octets",
            [
                signed()[..2].to_vec(),
                vec![
                    b"R<\xff@example.net>\0".to_vec(),
                    identified(),
                    b"LSubject\0gr\xfc\xdfe\0".to_vec(),
                    b"L\xff\0\x80\0".to_vec(),
                ],
                one(END_OF_MESSAGE.to_vec()),
            ]
            .concat(),
        ),
        session(
            "a field of 60 KB",
            [
                signed()[..3].to_vec(),
                vec![identified(), header("References", &"x".repeat(60_000)), END_OF_MESSAGE.to_vec()],
            ]
            .concat(),
        ),
        session(
            "a field of 100 KB",
            [
                signed()[..3].to_vec(),
                vec![identified(), header("References", &"x".repeat(100_000)), END_OF_MESSAGE.to_vec()],
            ]
            .concat(),
        )
        .but(
            packet,
            ours,
            "closed",
            "libmilter reads 64 KiB: servers may be told to take longer fields, we read 256 KiB",
        ),
        session(
            "a field of 300 KB",
            [
                signed()[..3].to_vec(),
                vec![identified(), header("References", &"x".repeat(300_000)), END_OF_MESSAGE.to_vec()],
            ]
            .concat(),
        ),
        session(
            "parameters",
            vec![authenticated(), parameters(ALICE), recipient(DAVE), identified(), END_OF_MESSAGE.to_vec()],
        ),
        session("no such command", vec![b"?".to_vec()]),
        session("no such command in a message", [signed()[..4].to_vec(), one(b"?".to_vec())].concat()),
        Script { octets: &[0x7f, 0xff, 0xff, 0xff, b'M'], ..script("a length of 2^31-1", vec![client()]) },
        Script { octets: &[0xff, 0xff, 0xff, 0xff, b'M'], ..script("a length of 2^32-1", vec![client()]) },
        Script { octets: &[0, 0, 0, 0, b'M'], ..script("a length of nothing", vec![client()]) },
        session(
            "an unknown SMTP command",
            [signed()[..4].to_vec(), one(b"UBDAT\0".to_vec()), signed()[5..].to_vec()].concat(),
        ),
        session("a recipient without a sender", vec![recipient(tag), END_OF_MESSAGE.to_vec()])
            .but("R<prvs=", "t", "silent", ORDER),
        session("an end without a message", vec![END_OF_MESSAGE.to_vec()]).but("E", "a", "silent", ORDER),
        session("negotiated twice", [one(Offer { steps: 0x7f, ..usual }.packet()), signed()].concat()).but(
            "O",
            r"O\x00\x00\x00\x06\x00\x00\x01}",
            "silent",
            ORDER,
        ),
        offering("no steps at all", Offer { steps: 0, ..usual }, tag)
            .but(
                "O",
                r"O\x00\x00\x00\x06\x00\x00\x01}\x00\x00\x00\x00",
                r"O\x00\x00\x00\x06\x00\x00\x01}\x00\x00\x00\x02",
                ALL_STEPS,
            )
            .but("H", "c", "not sent", ALL_STEPS),
        offering("no actions at all", Offer { actions: 0, ..usual }, tag),
        offering("version 1", Offer { version: 1, ..usual }, tag).but(
            "O",
            r"O\x00\x00\x00\x01\x00\x00\x01}",
            "closed",
            OLD,
        ),
        offering("version 0", Offer { version: 0, ..usual }, tag).but(
            "O",
            r"O\x00\x00\x00\x00\x00\x00\x01}",
            "closed",
            OLD,
        ),
    ]
}

fn parameters(sender: &str) -> Vec<u8> {
    [mail(sender), b"SIZE=1000\0BODY=8BITMIME\0".to_vec()].concat()
}
