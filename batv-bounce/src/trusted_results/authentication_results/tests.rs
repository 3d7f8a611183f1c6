use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// What each product writes, and what of it is read.
const SAMPLES: [(&str, &str, &str); 24] = [
    ("nothing checked", "example.org 1; none", "example.org 1; none"),
    ("no result at all", "example.org", "example.org; none"),
    (
        "a semicolon at the end",
        " mx.example.net; spf=pass smtp.mailfrom=example.org; ",
        "mx.example.net; spf=pass smtp.mailfrom=example.org",
    ),
    (
        "comments everywhere",
        " mx.example.net (a) 1 (b (c));\r\n dkim (d) / (e) 1 (f) = (g) fail\r\n policy (h;) . (i=j) \
            expired\r\n (k) = (l.m=n) 1792915200 (o)",
        "mx.example.net 1; dkim/1=fail policy.expired=1792915200",
    ),
    (
        "python3-spf-engine beside Postfix",
        " mx.example.net; spf=pass (sender SPF authorized) smtp.mailfrom=example.org \
            (client-ip=192.0.2.1; helo=mail.example.org; envelope-from=alice@example.org; receiver=<UNKNOWN>)",
        "mx.example.net; spf=pass smtp.mailfrom=example.org",
    ),
    (
        "opendkim, two signatures",
        " mx.example.net;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=example.org header.i=@example.org \
            header.a=rsa-sha256 header.s=mail header.b=Ab/+x=Y9;\r\n\tdkim=fail reason=\"signature verification \
            failed\" (1024-bit key; unprotected) header.d=example.com header.i=@example.com header.b=Zz",
        "mx.example.net; dkim=pass header.d=example.org header.i=@example.org header.a=rsa-sha256 header.s=mail \
            header.b=\"Ab/+x=Y9\"; dkim=fail header.d=example.com \
            header.i=@example.com header.b=Zz",
    ),
    ("opendkim, no signature", "mx.example.net; dkim=none", "mx.example.net; dkim=none"),
    (
        "opendmarc",
        "mx.example.net; dmarc=pass (p=reject dis=none) header.from=example.org",
        "mx.example.net; dmarc=pass header.from=example.org",
    ),
    (
        "opendmarc, null sender",
        "mx.example.net; spf=none smtp.helo=mail.example.org smtp.mailfrom=",
        "mx.example.net; spf=none smtp.helo=mail.example.org smtp.mailfrom=\"\"",
    ),
    (
        "OpenARC",
        "mx.example.net; arc=pass smtp.remote-ip=192.0.2.1 arc.chain=\"list.example:example.org\"",
        "mx.example.net; arc=pass smtp.remote-ip=192.0.2.1 arc.chain=\"list.example:example.org\"",
    ),
    (
        "rspamd",
        "mx.example.net;\r\n\tdkim=pass header.d=example.org header.s=mail header.b=AbCd;\r\n\tspf=pass \
            (mx.example.net: domain of \"a=b@example.org\" designates 192.0.2.1 as permitted sender) \
            smtp.mailfrom=\"a=b@example.org\";\r\n\tdmarc=pass (policy=none) header.from=example.org;\r\n\t\
            arc=pass (\"list.example:s=a:i=1\")",
        "mx.example.net; dkim=pass header.d=example.org header.s=mail header.b=AbCd; spf=pass \
            smtp.mailfrom=\"a=b@example.org\"; dmarc=pass header.from=example.org; arc=pass",
    ),
    (
        "Exim",
        "mx.example.net;\n\tiprev=pass (mail.example.org) smtp.remote-ip=2001:db8::1;\n\tspf=pass \
            smtp.mailfrom=example.org;\n\tdkim=pass header.d=example.org header.s=mail header.a=rsa-sha256;\n\t\
            dmarc=pass header.from=example.org; arc=none",
        "mx.example.net; iprev=pass smtp.remote-ip=\"2001:db8::1\"; spf=pass smtp.mailfrom=example.org; \
            dkim=pass header.d=example.org header.s=mail header.a=rsa-sha256; dmarc=pass header.from=example.org; \
            arc=none",
    ),
    (
        "amavis",
        "mx.example.net (amavisd-new);\n dkim=fail (2048-bit key)\n reason=\"fail (message has been altered)\" \
            header.d=example.org",
        "mx.example.net; dkim=fail header.d=example.org",
    ),
    (
        "Google",
        "mx.google.example;\r\n       dkim=pass header.i=@example.org header.s=mail header.b=iuniqXuF;\r\n       \
            spf=softfail (google.example: domain of transitioning alice@example.org does not designate 192.0.2.1 as \
            permitted sender) smtp.mailfrom=alice@example.org;\r\n       dmarc=pass (p=QUARANTINE sp=QUARANTINE \
            dis=NONE) header.from=example.org",
        "mx.google.example; dkim=pass header.i=@example.org header.s=mail header.b=iuniqXuF; spf=softfail \
            smtp.mailfrom=alice@example.org; dmarc=pass header.from=example.org",
    ),
    (
        "Microsoft, in the set of ARC",
        "mx.microsoft.example 1; spf=pass smtp.mailfrom=example.org; dmarc=pass action=none \
            header.from=example.org; dkim=pass header.d=example.org; arc=none",
        "mx.microsoft.example 1; spf=pass smtp.mailfrom=example.org; dmarc=pass header.from=example.org; \
            dkim=pass header.d=example.org; arc=none",
    ),
    (
        "Sendmail",
        "mx.example.net; auth=pass (PLAIN) smtp.auth=alice smtp.mailfrom=alice@example.net",
        "mx.example.net; auth=pass smtp.auth=alice smtp.mailfrom=alice@example.net",
    ),
    (
        "upper case, and white space around the marks",
        "MX.example.NET ; SPF = Pass  SMTP . MailFrom = Example.ORG",
        "MX.example.NET; SPF=Pass SMTP.MailFrom=Example.ORG",
    ),
    (
        "an address that looks like a property",
        "mx.example.net; spf=pass smtp.mailfrom=a.b=c@example.org",
        "mx.example.net; spf=pass smtp.mailfrom=\"a.b=c@example.org\"",
    ),
    (
        "missing values",
        "mx.example.net; dkim=pass header.d= header.i=@example.org header.s=",
        "mx.example.net; dkim=pass header.d=\"\" header.i=@example.org header.s=\"\"",
    ),
    (
        "no space after a comment",
        "mx.example.net; spf=pass (ok)smtp.mailfrom=example.org",
        "mx.example.net; spf=pass smtp.mailfrom=example.org",
    ),
    (
        "UTF-8",
        "mx.bücher.example; spf=pass smtp.mailfrom=grüße@bücher.example",
        "mx.bücher.example; spf=pass smtp.mailfrom=grüße@bücher.example",
    ),
    (
        "what only looks like results",
        "mx.example.net; spf; =pass; spf=; dkim=pass@example.org; dmarc=pass header.from=a b@example.org; (x) ; x=y z;; \
            dkim=none",
        "mx.example.net; dkim=none",
    ),
    (
        "a result in a comment or in quotes is none",
        r#"mx.example.net (\); spf=pass; x); dkim=fail reason="x; spf=pass smtp.mailfrom=example.org" header.d=(")a"#,
        r#"mx.example.net; dkim=fail header.d=a"#,
    ),
    ("a folded quoted string", "mx.example.net; dkim=fail reason=\"not\r\n\ttoday\"", "mx.example.net; dkim=fail"),
];

#[test]
fn reads_what_servers_write() {
    for (name, value, read) in SAMPLES {
        let (authserv_id, _) = read.split_at(read.find([' ', ';']).unwrap());
        let field = AuthenticationResults::parse(value.as_bytes()).unwrap();
        assert_eq!(format!("{authserv_id}{}", printed(&field)), read, "{name}");
    }
}

#[test]
fn what_cannot_be_used_is_refused() {
    let deep = format!("mx.example.net {}", "(".repeat(COMMENT_LIMIT + 1));
    let many = format!("mx.example.net{}", "; spf=pass".repeat(RESULT_LIMIT + 1));
    let cases: [&[u8]; 12] = [
        b"",
        b" (mx.example.net) ; spf=pass",
        b"spf=pass smtp.mailfrom=example.org; dkim=none",
        b"\"\"; spf=pass",
        b"mta.example.net  from=example.org; dkim=pass (ok)",
        b"spf = pass",
        b"mx.example.net; spf=pass (",
        b"mx.example.net; spf=pass reason=\"\\",
        b"mx.example.net; spf=pass smtp.mailfrom=\xFF",
        deep.as_bytes(),
        many.as_bytes(),
        &[b' '; LENGTH_LIMIT + 1],
    ];
    for value in cases {
        assert!(AuthenticationResults::parse(value).is_err(), "{}", String::from_utf8_lossy(value));
    }
}

/// A field without its authserv-id, comments and reasons, on one line.
fn printed(field: &AuthenticationResults<'_>) -> String {
    let mut text = field.version.map_or(String::new(), |version| format!(" {version}"));
    for Resinfo { method, version, result, properties } in &field.results {
        let version = version.map_or(String::new(), |version| format!("/{version}"));
        text += &format!("; {method}{version}={result}");
        for Property { ptype, name, value } in properties {
            text += &format!(" {ptype}.{name}={}", quoted(&value.text()));
        }
    }
    if field.results.is_empty() { text + "; none" } else { text }
}

/// A value in quotes, unless it is a token (RFC 2045 §5.1) or an address of tokens.
fn quoted(text: &str) -> String {
    let is_all_token = |part: &str| !part.is_empty() && part.bytes().all(is_token);
    let domain = text.strip_prefix('@').or_else(|| {
        let (local_part, domain) = text.split_once('@')?;
        is_all_token(local_part).then_some(domain)
    });
    if is_all_token(domain.unwrap_or(text)) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn check(value: &[u8]) {
    let Ok(field) = AuthenticationResults::parse(value) else { return };
    let printed_once = printed(&field);
    let again = format!("mx.example.net{printed_once}");
    assert_eq!(printed(&AuthenticationResults::parse(again.as_bytes()).unwrap()), printed_once);
}

proptest! {
    #[test]
    fn any_octets_are_read(octets in vec(any::<u8>(), 0..200)) {
        check(&octets);
    }

    #[test]
    fn what_prints_reads_as_the_same(pieces in vec(select(vec![
        "mx.example.net", ";", " ", "\r\n\t", "spf", "=", "pass", "dkim/1=fail", "header", ".", "d", "reason=",
        "smtp.mailfrom=", "(", ")", "\"", "\\", "@", "example.org", "a b", "é", "none", "1", "\u{1}", "\0", ",",
    ]), 0..40)) {
        check(format!("mx.example.net; {}", pieces.concat()).as_bytes());
        check(pieces.concat().as_bytes());
    }
}

/// RFC 2045 §5.1, and UTF-8 (RFC 6532 §3).
const fn is_token(octet: u8) -> bool {
    is_value(octet) && !matches!(octet, b'<' | b'>' | b'@' | b',' | b':' | b'\\' | b'/' | b'[' | b']' | b'?' | b'=')
}
