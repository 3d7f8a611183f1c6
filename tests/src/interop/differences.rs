//! Where the SRS programs and we differ, and why.

use super::Question::{self, Forward, Reverse};
use crate::peer::Peer;

/// A place where a program and we differ on purpose.
#[derive(Debug)]
pub(super) struct Difference {
    pub(super) reason: &'static str,
    /// Asked at a forwarder `f.example` with the secret `tops3cr3t`.
    pub(super) question: Question,
    /// What the program answers; `None` for a refusal in whatever words.
    pub(super) theirs: Option<&'static str>,
    /// What we answer: an address, or a verdict or an error.
    pub(super) ours: Result<&'static str, &'static str>,
}

const T0: u32 = 18_262;

/// What a program differs in.
pub(super) fn of(peer: Peer) -> impl Iterator<Item = &'static Difference> {
    let own = match peer {
        Peer::MailSrs => MAIL_SRS,
        Peer::Pysrs => PYSRS,
        Peer::Postsrsd => POSTSRSD,
        Peer::Exim => panic!("Exim has an SRS of its own"),
    };
    let quotes = if peer.hashes_quotes() { QUOTES_HASHED } else { &[] };
    [ALL, quotes, own].into_iter().flatten()
}

const ALL: &[Difference] = &[
    Difference {
        reason: "clocks of two hosts may differ by a day",
        question: Reverse("SRS0=Xu1M=2W=example.com=alice@f.example", T0 - 1),
        theirs: None,
        ours: Ok("alice@example.com"),
    },
    Difference {
        reason: "the same day, modulo 1024",
        question: Reverse("SRS0=Xu1M=2W=example.com=alice@f.example", T0 + 1023),
        theirs: None,
        ours: Ok("alice@example.com"),
    },
    Difference {
        reason: "postsrsd from 2.2.6 on writes - and _ for + and /",
        question: Reverse("SRS0=-3_5=2W=somedomain.com=hash234@f.example", T0),
        theirs: None,
        ours: Ok("hash234@somedomain.com"),
    },
    Difference {
        reason: "only what we have rewritten ourselves is restored",
        question: Reverse("SRS0=Xu1M=2W=example.com=alice@elsewhere.example", T0),
        theirs: Some("alice@example.com"),
        ours: Err("foreign"),
    },
    Difference {
        reason: "a moved boundary between host and rest is seen, for the rest begins with a separator",
        question: Reverse("SRS1=lryT=forwarder.example.ne=t=Xu1M=2W=example.com=alice@f.example", T0),
        theirs: Some("SRS0t=Xu1M=2W=example.com=alice@forwarder.example.ne"),
        ours: Err("malformed"),
    },
    Difference {
        reason: "what is restored is an address",
        question: Reverse("SRS0=iEHg=2W=-bad-=alice@f.example", T0),
        theirs: Some("alice@-bad-"),
        ours: Err("malformed"),
    },
    Difference {
        reason: "an SRS1 whose host is no domain could never come back",
        question: Forward("SRS1=Dz2w=no+host==Xu=x=y@g.example", T0),
        theirs: Some("SRS1=QjhP=no+host==Xu=x=y@f.example"),
        ours: Ok("SRS0=PbjU=2W=g.example=SRS1=Dz2w=no+host==Xu=x=y@f.example"),
    },
    Difference {
        reason: "no local part over 64 octets leaves (RFC 5321 §4.5.3.1.1)",
        question: Forward("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.com", T0),
        theirs: Some("SRS0=IwXZ=2W=example.com=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@f.example"),
        ours: Err("local part of 66 octets is over the limit of 64 (RFC 5321 §4.5.3.1.1)"),
    },
    Difference {
        reason: "a literal needs quotes to stand in a local part",
        question: Forward("alice@[192.0.2.1]", T0),
        theirs: Some("SRS0=ajYA=2W=[192.0.2.1]=alice@f.example"),
        ours: Ok("\"SRS0=ajYA=2W=[192.0.2.1]=alice\"@f.example"),
    },
    Difference {
        reason: "nobody has rewritten a mailbox that only begins as a rewritten one does",
        question: Forward("SRS0-news@example.com", T0),
        theirs: Some("SRS1=RD+c=example.com=-news@f.example"),
        ours: Ok("SRS0=mtpR=2W=example.com=SRS0-news@f.example"),
    },
    Difference {
        reason: "quotes in the middle of an SRS1 are hashed with what stands before them: only who wrote them can tell how",
        question: Reverse("SRS1=Lq7f=g.example==vCgR=2W=example.com=\"a b\"@f.example", T0),
        theirs: Some("SRS0=vCgR=2W=example.com=\"a b\"@g.example"),
        ours: Err("malformed"),
    },
    Difference {
        reason: "the null reverse-path stays as it is",
        question: Forward("<>", T0),
        theirs: None,
        ours: Ok("<>"),
    },
    Difference {
        reason: "so does postmaster, which is ours",
        question: Forward("postmaster", T0),
        theirs: None,
        ours: Ok("postmaster"),
    },
];

/// Of those that take quotes for a part of the text.
const QUOTES_HASHED: &[Difference] = &[
    Difference {
        reason: "quotes stand around the whole of a local part or nowhere (RFC 5321 §4.1.2)",
        question: Forward("\"a b\"@example.com", T0),
        theirs: Some("SRS0=vCgR=2W=example.com=\"a b\"@f.example"),
        ours: Ok("\"SRS0=ELWC=2W=example.com=a b\"@f.example"),
    },
    Difference {
        reason: "and are no part of it",
        question: Reverse("\"SRS0=ELWC=2W=example.com=a b\"@f.example", T0),
        theirs: None,
        ours: Ok("\"a b\"@example.com"),
    },
    Difference {
        reason: "so that those which are not needed go",
        question: Forward("\"alice\"@example.com", T0),
        theirs: Some("SRS0=1364=2W=example.com=\"alice\"@f.example"),
        ours: Ok("SRS0=Xu1M=2W=example.com=alice@f.example"),
    },
    Difference {
        reason: "what another forwarder has rewritten, in quotes, becomes an SRS1 like all else",
        question: Forward("\"SRS0=ELWC=2W=example.com=a b\"@g.example", T0),
        theirs: Some("SRS0=FLAT=2W=g.example=\"SRS0=ELWC=2W=example.com=a b\"@f.example"),
        ours: Ok("\"SRS1=1Lb1=g.example==ELWC=2W=example.com=a b\"@f.example"),
    },
];

const MAIL_SRS: &[Difference] = &[
    Difference {
        reason: "what is restored is an address: without a domain it is none",
        question: Reverse("SRS0=8Cgz=2W==alice@f.example", T0),
        theirs: Some("alice@"),
        ours: Err("malformed"),
    },
    Difference {
        reason: "an SRS1 without a host could never come back",
        question: Forward("SRS1=x@example.com", T0),
        theirs: Some("SRS1=0N2Y==@f.example"),
        ours: Ok("SRS0=7a17=2W=example.com=SRS1=x@f.example"),
    },
];

const PYSRS: &[Difference] = &[Difference {
    reason: "its tags for its own senders, with an empty domain, are none of SRS",
    question: Reverse("SRS0=dL9+=2W==alice@f.example", T0),
    theirs: Some("alice@f.example"),
    ours: Err("malformed"),
}];

const POSTSRSD: &[Difference] = &[
    Difference {
        reason: "a hash is compared to its end",
        question: Reverse("SRS0=Xu1MU6RmyoSYjreBvkmCkPENwUMx=2W=example.com=alice@f.example", T0),
        theirs: Some("alice@example.com"),
        ours: Err("malformed"),
    },
    Difference {
        reason: "an address of our own that comes to us as a sender stays as it is",
        question: Forward("SRS0=Xu1M=2W=example.com=alice@f.example", T0),
        theirs: None,
        ours: Ok("SRS0=Xu1M=2W=example.com=alice@f.example"),
    },
    Difference {
        reason: "nor does another forwarder's sender get lost that has the same secret",
        question: Forward("SRS0=Xu1M=2W=example.com=alice@g.example", T0),
        theirs: None,
        ours: Ok("SRS1=buSA=g.example==Xu1M=2W=example.com=alice@f.example"),
    },
    Difference {
        reason: "nobody has rewritten a mailbox that is called SRS0",
        question: Forward("SRS0@example.com", T0),
        theirs: Some("SRS1=0hOv=example.com=@f.example"),
        ours: Ok("SRS0=15Zu=2W=example.com=SRS0@f.example"),
    },
    Difference {
        reason: "what is restored is an address: without a domain it is none",
        question: Reverse("SRS0=8Cgz=2W==alice@f.example", T0),
        theirs: Some("alice@"),
        ours: Err("malformed"),
    },
];
