//! How text becomes octets in mail: charsets, transfer encodings, encoded words, and the archives of reports.

use data_encoding::BASE64;
use encoding_rs::Encoding;

/// A charset by its name, and how a body in it travels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Charset<'a> {
    pub(super) name: &'a str,
    pub(super) transfer: Transfer,
    pub(super) header: Header,
}

/// Content-Transfer-Encoding (RFC 2045 §6).
#[derive(Clone, Copy, Debug)]
pub(super) enum Transfer {
    SevenBit,
    EightBit,
    QuotedPrintable,
    Base64,
}

impl Transfer {
    /// Its name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
        }
    }

    /// Octets with LF at the ends of lines, in this encoding.
    pub(super) fn encode(self, octets: &[u8]) -> Vec<u8> {
        match self {
            Self::SevenBit | Self::EightBit => octets.to_vec(),
            Self::QuotedPrintable => quoted_printable(octets),
            Self::Base64 => base64(&with_crlf(octets)),
        }
    }
}

/// How a header holds what is not ASCII.
#[derive(Clone, Copy, Debug)]
pub(super) enum Header {
    /// Encoded words (RFC 2047), `B`.
    Base64,
    /// Encoded words, `Q`.
    Q,
    /// As it is, which RFC 5322 forbids and programs do.
    Raw,
}

impl Charset<'_> {
    /// UTF-8 as it is.
    pub(super) const UTF_8: Charset<'static> =
        Charset { name: "utf-8", transfer: Transfer::EightBit, header: Header::Base64 };

    /// Text in this charset.
    pub(super) fn encode(self, text: &str) -> Vec<u8> {
        let encoding = Encoding::for_label(self.name.as_bytes()).expect("a charset");
        let (octets, _, unmappable) = encoding.encode(text);
        if !unmappable {
            return octets.into_owned();
        }
        // What people type instead in a charset that lacks the character.
        let plain = text.replace(['“', '”', '„', '«', '»'], "\"").replace('№', "No.").replace('’', "'");
        let (octets, _, unmappable) = encoding.encode(&plain);
        assert!(!unmappable, "{} has no characters for {text}", self.name);
        octets.into_owned()
    }

    /// Text as the value of a field. What stays as it is must still go through [`Self::encode`].
    pub(super) fn words(self, text: &str) -> String {
        if text.is_ascii() || matches!(self.header, Header::Raw) {
            return text.to_owned();
        }
        let mut words = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            // An encoded word has 75 characters at most, and no character is cut in two (RFC 2047 §2, §5).
            let ends = rest.char_indices().map(|(at, character)| at + character.len_utf8());
            let end = ends.take_while(|end| self.word(&rest[..*end]).len() <= 75).last().expect("a short character");
            words.push(self.word(&rest[..end]));
            rest = &rest[end..];
        }
        words.join("\n ")
    }

    fn word(self, text: &str) -> String {
        let octets = self.encode(text);
        match self.header {
            Header::Q => {
                let encoded: String = octets
                    .iter()
                    .map(|octet| match octet {
                        b' ' => "_".to_owned(),
                        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(*octet).to_string(),
                        _ => format!("={octet:02X}"),
                    })
                    .collect();
                format!("=?{}?Q?{encoded}?=", self.name)
            }
            _ => format!("=?{}?B?{}?=", self.name, BASE64.encode(&octets)),
        }
    }
}

/// The octets with CRLF where LF was.
pub(super) fn with_crlf(octets: &[u8]) -> Vec<u8> {
    octets.split(|octet| *octet == b'\n').collect::<Vec<_>>().join(&b"\r\n"[..])
}

/// Base64 in lines of 76 characters, with LF after each.
pub(super) fn base64(octets: &[u8]) -> Vec<u8> {
    let mut lines = Vec::new();
    for line in BASE64.encode(octets).as_bytes().chunks(76) {
        lines.extend_from_slice(line);
        lines.push(b'\n');
    }
    lines
}

/// A file of gzip (RFC 1952) that holds the octets as they are.
pub(super) fn gzip(octets: &[u8]) -> Vec<u8> {
    let length = u16::try_from(octets.len()).expect("a short file");
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    file.extend(length.to_le_bytes());
    file.extend((!length).to_le_bytes());
    file.extend_from_slice(octets);
    file.extend(crc32(octets).to_le_bytes());
    file.extend(u32::from(length).to_le_bytes());
    file
}

/// A ZIP archive of one file, as it is.
pub(super) fn zip(name: &str, octets: &[u8]) -> Vec<u8> {
    let number = |count: usize| u32::try_from(count).expect("a short file").to_le_bytes();
    let mut common = vec![10, 0, 0, 0, 0, 0, 0, 0, 0x79, 0x5b];
    common.extend(crc32(octets).to_le_bytes());
    common.extend(number(octets.len()));
    common.extend(number(octets.len()));
    common.extend(&number(name.len())[..2]);
    common.extend([0, 0]);
    let local = [b"PK\x03\x04", &common[..], name.as_bytes(), octets].concat();
    let central = [b"PK\x01\x02\x0a\0", &common[..], &[0; 14], name.as_bytes()].concat();
    let end = [b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &number(central.len())[..], &number(local.len()), &[0; 2]].concat();
    [local, central, end].concat()
}

fn quoted_printable(octets: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for line in octets.split_inclusive(|octet| *octet == b'\n') {
        let (content, end) = line.strip_suffix(b"\n").map_or((line, &b""[..]), |content| (content, b"\n"));
        let mut width = 0;
        for (at, octet) in content.iter().enumerate() {
            let last = at + 1 == content.len();
            let token = match octet {
                b' ' | b'\t' if !last => char::from(*octet).to_string(),
                b'!'..=b'<' | b'>'..=b'~' => char::from(*octet).to_string(),
                _ => format!("={octet:02X}"),
            };
            if width + token.len() > 75 {
                encoded.extend(b"=\n");
                width = 0;
            }
            width += token.len();
            encoded.extend(token.into_bytes());
        }
        encoded.extend(end);
    }
    encoded
}

fn crc32(octets: &[u8]) -> u32 {
    !octets.iter().fold(!0, |crc, octet| {
        (0..8).fold(crc ^ u32::from(*octet), |crc, _| (crc >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(crc & 1)))
    })
}
