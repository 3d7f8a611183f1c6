#![cfg_attr(fuzzing, no_main)]
//! Any message, and any text of a key: both are read to an end, and a message has one verdict with either line end.

use std::sync::LazyLock;

use batv_bounce::dkim::{PublicKey, verify};
use batv_bounce::header::fields;
use batv_fuzz::with_crlf;

/// The keys of RFC 8463 §A.2.
static KEYS: LazyLock<[PublicKey; 2]> = LazyLock::new(|| {
    [
        (
            "brisbane",
            "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
        ),
        (
            "test",
            "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/\
             J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryO\
             TIKT+l/K4w3QIDAQAB",
        ),
    ]
    .map(|(selector, record)| {
        PublicKey::parse("football.example.com", selector, record.as_bytes()).expect("a key")
    })
});

batv_fuzz::fuzz!(|data| {
    if let Err(error) = PublicKey::parse("example.com", "sel", data) {
        let error = error.to_string();
        assert!(!error.contains('\n') && !error.ends_with('.'), "{error}");
    }
    let mut header = fields(data);
    header.by_ref().for_each(drop);
    let body = header.rest();
    let verdict = verify(data, Some(body), &*KEYS);
    let (data, body) = (with_crlf(data), with_crlf(body));
    assert_eq!(verify(&data, Some(&body), &*KEYS), verdict, "line ends make a difference");
});
