//! The library against the limit: the two compressions that HMAC can't do without, from stored states.

use core::fmt::Write;
use core::hint::black_box;

use batv_core::dialect::{self, Strictness};
use batv_core::srs::Srs;
use batv_core::tag::{self, Form};
use batv_core::{Algorithm, Day, Domain, Key, KeyId, KeyUse, Mailbox, mark};

use crate::openssl::Openssl;
use crate::rounds::{Measured, least};

const COUNT: u32 = 20_000;
const ROUNDS: u32 = 60;
const ADDRESS: &str = "alice.example@mail.example.com";
const MESSAGE_ID: &[u8] = b"<20261124.093015.4711@mail.example.com>";
const SECRET: &[u8] = b"s3kr1t";

pub(crate) fn print(openssl: Option<&Openssl>) {
    for algorithm in [Algorithm::HmacSha1, Algorithm::HmacSha256] {
        print_for(algorithm, openssl);
    }
}

fn print_for(algorithm: Algorithm, openssl: Option<&Openssl>) {
    let today = Day::new(20_781).expect("a day");
    let key = |key_use| Key::new(key_use, algorithm, SECRET).expect("a key");
    let keys = [key(KeyUse::Batv(KeyId::default())), key(KeyUse::Srs)];
    let mailbox = Mailbox::parse(ADDRESS).expect("an address");
    let tagged_text = tag::sign(&keys, &mailbox, Form::Prvs, None, today).expect("short enough").to_string();
    let tagged = Mailbox::parse(&tagged_text).expect("an address");
    let mark = mark::make(&keys, MESSAGE_ID, &mailbox, today).expect("a key that signs").to_string();
    let ours = [Domain::parse("forwarder.example.net").expect("a domain")];
    let srs = Srs::new(&ours).expect("a domain");
    let rewritten_text = srs.forward(&keys, &mailbox, today).expect("short enough").to_string();
    let rewritten = Mailbox::parse(&rewritten_text).expect("an address");

    let mut measured = vec![
        limit(algorithm),
        Measured::repeated("sign", COUNT, || {
            black_box(tag::sign(black_box(&keys), black_box(&mailbox), Form::Prvs, None, today).is_ok());
        }),
        Measured::repeated("verify", COUNT, || {
            black_box(tag::verify(black_box(&keys), black_box(&tagged), today));
        }),
        Measured::repeated("SRS forward", COUNT, || {
            black_box(srs.forward(black_box(&keys), black_box(&mailbox), today).is_ok());
        }),
        Measured::repeated("SRS reverse", COUNT, || {
            black_box(srs.reverse(black_box(&keys), black_box(&rewritten), today));
        }),
        Measured::repeated("read, sign and write", COUNT, || {
            let mailbox = Mailbox::parse(black_box(ADDRESS)).expect("an address");
            let mut text = Fixed { octets: [0; 128], length: 0 };
            let signing = tag::sign(black_box(&keys), &mailbox, Form::Prvs, None, today).expect("short enough");
            signing.write_to(&mut text).expect("room");
            black_box(&text.octets[..text.length]);
        }),
        Measured::repeated("read and verify", COUNT, || {
            let tagged = Mailbox::parse(black_box(&tagged_text)).expect("an address");
            black_box(tag::verify(black_box(&keys), &tagged, today));
        }),
        Measured::repeated("read", COUNT, || {
            black_box(Mailbox::parse(black_box(ADDRESS)).is_ok());
        }),
        Measured::repeated("unwrap", COUNT, || {
            black_box(dialect::unwrap(black_box(&tagged), Strictness::Identity).last());
        }),
        Measured::repeated("mark", COUNT, || {
            black_box(mark::make(black_box(&keys), black_box(MESSAGE_ID), &mailbox, today));
        }),
        Measured::repeated("verify a mark", COUNT, || {
            black_box(mark::verify(black_box(&keys), black_box(mark.as_bytes()), MESSAGE_ID, &mailbox, today));
        }),
    ];
    let times = least(ROUNDS, &mut measured);
    let limit = times[0];
    println!("\n{algorithm}, an address of {} octets", ADDRESS.len());
    println!("{:<28}{:>10}{:>14}", "", "ns", "of the limit");
    for (one, time) in measured.iter().zip(&times) {
        println!("{:<28}{time:>10.1}{:>13.2}×", one.name, time / limit);
    }
    let hash = if algorithm == Algorithm::HmacSha1 { "sha1" } else { "sha256" };
    if let Some(time) = openssl.and_then(|openssl| openssl.nanoseconds(hash)) {
        println!("{:<28}{time:>10.1}{:>13.2}×", "OpenSSL HMAC(), one-shot", time / limit);
        println!("signing is {:.1} times as fast as OpenSSL's HMAC() alone", time / times[1]);
    }
}

/// Two compressions of one block each, as HMAC over a short message needs from a key's stored states.
fn limit(algorithm: Algorithm) -> Measured<'static> {
    let block = [[0x55; 64]];
    match algorithm {
        Algorithm::HmacSha1 => {
            let mut state = [1; 5];
            Measured::repeated("limit: two compressions", COUNT, move || {
                sha1::block_api::compress(black_box(&mut state), black_box(&block));
                sha1::block_api::compress(black_box(&mut state), black_box(&block));
            })
        }
        _ => {
            let mut state = [1; 8];
            Measured::repeated("limit: two compressions", COUNT, move || {
                sha2::block_api::compress256(black_box(&mut state), black_box(&block));
                sha2::block_api::compress256(black_box(&mut state), black_box(&block));
            })
        }
    }
}

/// Text in an array.
struct Fixed {
    octets: [u8; 128],
    length: usize,
}

impl Write for Fixed {
    #[inline]
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.length + text.len();
        self.octets.get_mut(self.length..end).ok_or(core::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
