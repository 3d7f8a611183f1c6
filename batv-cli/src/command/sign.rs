//! `batv sign`

use core::fmt;

use batv_core::tag::{Delimiter, Form};
use batv_core::{Day, Lifetime, Path};
use batv_policy::{Handling, Outgoing, Rules, Sender, UnchangedReason, View};
use clap::Args;

use crate::addresses::{self, Forms};
use crate::answer::{Answer, Line, Outcome};
use crate::error::Error;
use crate::flags::values::{delimiter, form, lifetime};
use crate::flags::{Addresses, BatvKeySource, Clock, Output};
use crate::json::{Text, object};

/// Tag sender addresses
///
/// Prints each address with a tag that expires after some days. The null sender `<>`, an address that is already tagged, and
/// an address of a domain without a signing key are printed unchanged. So is an address that cannot be tagged, with the
/// reason on standard error and exit status 1.
///
/// If there is no keyring at all, one is created for you, with a new random key.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  batv sign alice@example.com
  batv sign --form sub-address --delimiter - < senders.txt > tagged.txt")]
pub(crate) struct Sign {
    #[command(flatten)]
    addresses: Addresses,
    /// Form of the tag
    #[arg(long, default_value_t, value_parser = form())]
    form: Form,
    /// Character before a tag of the form sub-address
    #[arg(long, value_name = "CHARACTER", default_value = "+", allow_hyphen_values = true, value_parser = delimiter)]
    delimiter: Delimiter,
    /// Days that the tag is valid, at most the lifetime of the key [default: that lifetime]
    #[arg(long, value_name = "DAYS", value_parser = lifetime)]
    lifetime: Option<Lifetime>,
    #[command(flatten)]
    keys: BatvKeySource,
    #[command(flatten)]
    clock: Clock,
    #[command(flatten)]
    output: Output,
}

pub(crate) fn run(arguments: &Sign) -> Result<Outcome, Error> {
    let today = arguments.clock.today()?;
    let keyring = arguments.keys.load_to_sign(arguments.lifetime, today)?;
    let form = arguments.form.with_delimiter(arguments.delimiter);
    let rules = Rules { form, lifetime: arguments.lifetime, ..Rules::default() };
    let signer = Signer { site: View::new(keyring.keys(), &rules), today };
    addresses::answer(&arguments.addresses.addresses, &arguments.output, &signer, &Forms { json, plain, alone: None })
}

struct Signer<'k> {
    site: View<'k>,
    today: Day,
}

impl<'k> Signer<'k> {
    /// The caller of this program is the one that sends the message.
    fn sender<'a>(&self, reverse_path: Path<'a>) -> Sender<'k, 'a> {
        self.site.sender(&Outgoing { originates: true, ..Outgoing::new(reverse_path) })
    }
}

fn plain(signer: &Signer<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    match line.path() {
        Ok(path) => match signer.sender(path).sign(signer.today) {
            Handling::Tagged(tagged) => return tagged.write_to(&mut answer.out),
            Handling::TooLong { error, .. } | Handling::Unchanged(UnchangedReason::Refused(error)) => {
                answer.refuse(line, error)
            }
            _ => {}
        },
        Err(error) => answer.refuse(line, error),
    }
    answer.unchanged(line)
}

fn json(signer: &Signer<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let input = line.text();
    match line.path() {
        Ok(path) => match signer.sender(path).sign(signer.today) {
            Handling::Tagged(tagged) => {
                let expires = tagged.expires();
                return answer.json(&object! {
                    input: &input,
                    address: Text(&tagged),
                    key_id: Some(tagged.key_id().number()),
                    expires: expires.as_ref().map(Text::of),
                });
            }
            Handling::TooLong { error, .. } | Handling::Unchanged(UnchangedReason::Refused(error)) => {
                return answer.refuse_in_json(line, error);
            }
            _ => {}
        },
        Err(error) => return answer.refuse_in_json(line, error),
    }
    answer.json(&object! { input: &input, address: &input, key_id: None::<u8>, expires: None::<Text<'_>> })
}
