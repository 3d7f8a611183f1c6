//! `batv sign`

use core::fmt;

use batv_config::clock;
use batv_core::tag::{Delimiter, Form};
use batv_core::{Day, Path};
use batv_policy::{Handling, Outgoing, Rules, Sender, Unchanged, View};

use crate::addresses;
use crate::answer::{Answer, Line, Outcome};
use crate::cli::{self, Sign};
use crate::error::Error;
use crate::json::{self, Text};

pub(crate) fn run(arguments: &Sign) -> Result<Outcome, Error> {
    let today = arguments.clock.today()?;
    let keyring = arguments.keys.load_to_sign(arguments.lifetime, today)?;
    let form = arguments.form.with(arguments.delimiter);
    let rules = Rules { form, lifetime: arguments.lifetime, ..Rules::default() };
    let signer = Signer { site: View::new(keyring.keys(), &rules), today };
    let answer = if arguments.output.json { json } else { plain };
    addresses::answer_all(&arguments.addresses.addresses, arguments.output.tail(), |line, to| answer(&signer, line, to))
}

impl cli::Form {
    /// The form, with this before a sub-address.
    pub(super) fn with(self, delimiter: Delimiter) -> Form {
        match self {
            Self::Prvs => Form::Prvs,
            Self::SubAddress => Form::SubAddress(delimiter),
            Self::Strong => Form::Strong,
        }
    }
}

struct Signer<'k> {
    site: View<'k>,
    today: Day,
}

impl<'k> Signer<'k> {
    /// Whoever calls this program sends the message.
    fn sender<'a>(&self, reverse_path: Path<'a>) -> Sender<'k, 'a> {
        self.site.sender(&Outgoing { originates: true, ..Outgoing::new(reverse_path) })
    }
}

fn plain(signer: &Signer<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    match line.path() {
        Ok(path) => match signer.sender(path).sign(signer.today) {
            Handling::Tagged(tagged) => return tagged.write_to(&mut answer.out),
            Handling::TooLong { error, .. } | Handling::Unchanged(Unchanged::Refused(error)) => {
                answer.refuse(line, error)
            }
            _ => {}
        },
        Err(error) => answer.refuse(line, error),
    }
    answer.out.raw(line.octets);
    Ok(())
}

fn json(signer: &Signer<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let input = line.text();
    match line.path() {
        Ok(path) => match signer.sender(path).sign(signer.today) {
            Handling::Tagged(tagged) => {
                let expires = tagged.expires().map(clock::as_date);
                return answer.json(&json::Signed {
                    input: &input,
                    address: Text(&tagged),
                    key_id: Some(tagged.key_id().number()),
                    expires: expires.as_ref().map(Text::of),
                });
            }
            Handling::TooLong { error, .. } | Handling::Unchanged(Unchanged::Refused(error)) => {
                return answer.refuse_in_json(line, error);
            }
            _ => {}
        },
        Err(error) => return answer.refuse_in_json(line, error),
    }
    answer.json(&json::Signed { input: &input, address: Text(&input), key_id: None, expires: None })
}
