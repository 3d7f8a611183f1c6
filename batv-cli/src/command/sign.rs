//! `batv sign`

use core::fmt;

use batv_config::clock;
use batv_core::prvs::{self, Delimiter, Form, Signing};
use batv_core::{Day, Key, Lifetime, Mailbox, Path};

use crate::addresses;
use crate::answer::{Answer, Line, Outcome};
use crate::cli::{self, Sign};
use crate::error::Error;
use crate::json::{self, Text};

pub(crate) fn run(arguments: &Sign) -> Result<Outcome, Error> {
    let today = arguments.clock.today()?;
    let keyring = arguments.keys.load_to_sign(arguments.lifetime, today)?;
    let signer = Signer {
        keys: keyring.keys(),
        form: arguments.form.with(arguments.delimiter),
        lifetime: arguments.lifetime,
        today,
    };
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
    keys: &'k [Key],
    form: Form,
    lifetime: Option<Lifetime>,
    today: Day,
}

impl Signer<'_> {
    fn sign<'a>(&self, mailbox: &Mailbox<'a>) -> Result<Signing<'a>, batv_core::Error> {
        prvs::sign(self.keys, mailbox, self.form, self.lifetime, self.today)
    }
}

fn plain(signer: &Signer<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    match line.path() {
        Ok(Path::Mailbox(mailbox)) => match signer.sign(&mailbox) {
            Ok(Signing::Tagged(tagged)) => return tagged.write_to(&mut answer.out),
            Ok(Signing::Unchanged(..)) => {}
            Err(error) => answer.refuse(line, error),
        },
        Ok(Path::Null) => {}
        Err(error) => answer.refuse(line, error),
    }
    answer.out.raw(line.octets);
    Ok(())
}

fn json(signer: &Signer<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let input = line.text();
    match line.path() {
        Ok(Path::Mailbox(mailbox)) => match signer.sign(&mailbox) {
            Ok(Signing::Tagged(tagged)) => {
                let expires = tagged.expires().map(clock::as_date);
                return answer.json(&json::Signed {
                    input: &input,
                    address: Text(&tagged),
                    key_id: Some(tagged.key_id().number()),
                    expires: expires.as_ref().map(Text::of),
                });
            }
            Ok(Signing::Unchanged(..)) => {}
            Err(error) => return answer.refuse_in_json(line, error),
        },
        Ok(Path::Null) => {}
        Err(error) => return answer.refuse_in_json(line, error),
    }
    answer.json(&json::Signed { input: &input, address: Text(&input), key_id: None, expires: None })
}
