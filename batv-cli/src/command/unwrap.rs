//! `batv unwrap`

use core::fmt;

use batv_core::Mailbox;
use batv_core::dialect::{self, Layer, Strictness};
use clap::Args;

use crate::addresses::{self, Forms};
use crate::answer::{Answer, Line, Malformed, Outcome};
use crate::error::Error;
use crate::flags::{Addresses, Output};
use crate::json::{Text, object};

/// Remove the tags of addresses without verifying them
///
/// Knows the tags of many programs. Use the result to compare, show or look up addresses, never to deliver mail. An address
/// without a tag is printed unchanged, and so is one whose tag hides the address.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv unwrap SRS0=8nW7=2W=example.com=prvs=0778a1b2c3=alice@forwarder.example.net
  batv unwrap --json btv1==1086afe1179==bob@example.com")]
pub(crate) struct Unwrap {
    #[command(flatten)]
    addresses: Addresses,
    /// Remove only tags of the exact form that their program gives them
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(arguments: &Unwrap) -> Result<Outcome, Error> {
    let mode = if arguments.strict { Strictness::Strict } else { Strictness::Identity };
    addresses::answer(&arguments.addresses.addresses, &arguments.output, &mode, &Forms { json, plain, alone: None })
}

fn layers<'a>(mode: Strictness, line: &Line<'a>) -> Result<impl Iterator<Item = Layer<'a>> + use<'a>, Malformed> {
    let path = line.path()?;
    Ok(path.mailbox().map(|mailbox| dialect::unwrap(mailbox, mode)).into_iter().flatten())
}

fn plain(mode: &Strictness, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let mut recovered: Option<Mailbox<'_>> = None;
    match layers(*mode, line) {
        Ok(layers) => {
            for layer in layers {
                recovered = layer.mailbox.or(recovered);
                if layer.mailbox.is_none() {
                    answer.note(line, format_args!("the tag hides the address ({})", layer.dialect));
                }
            }
        }
        Err(error) => answer.refuse(line, error),
    }
    match recovered {
        Some(mailbox) => mailbox.write_to(&mut answer.out),
        None => answer.unchanged(line),
    }
}

fn json(mode: &Strictness, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let input = line.text();
    let layers: Vec<_> = match layers(*mode, line) {
        Ok(layers) => layers.collect(),
        Err(error) => return answer.refuse_in_json(line, error),
    };
    let address = if layers.is_empty() {
        Some(Text(&input))
    } else {
        layers.iter().rev().find_map(|layer| layer.mailbox.as_ref()).map(Text::of)
    };
    let layers = layers.iter().map(|layer| {
        object! { dialect: layer.dialect.as_str(), address: layer.mailbox.as_ref().map(Text::of) }
    });
    answer.json(&object! { input: &input, address: address, layers: layers.collect::<Vec<_>>() })
}
