//! `batv sign`

use core::fmt;

use batv_config::clock;
use batv_core::prvs::{self, Form, Signing, Tagged};
use batv_core::{Day, Key, Lifetime, Path};

use crate::addresses;
use crate::answer::{Answer, Line, Malformed, Outcome};
use crate::cli::{self, Sign};
use crate::error::Error;
use crate::json;

pub(crate) fn run(arguments: &Sign) -> Result<Outcome, Error> {
    let today = arguments.clock.today()?;
    let keyring = arguments.keys.load_to_sign(arguments.lifetime, today)?;
    let signer = Signer { keys: keyring.keys(), form: form(arguments), lifetime: arguments.lifetime, today };
    let answer = if arguments.output.json { json } else { plain };
    addresses::answer_all(&arguments.addresses.addresses, arguments.output.tail(), |line, to| answer(&signer, line, to))
}

fn form(arguments: &Sign) -> Form {
    match arguments.form {
        cli::Form::Prvs => Form::Prvs,
        cli::Form::SubAddress => Form::SubAddress(arguments.delimiter),
        cli::Form::Strong => Form::Strong,
    }
}

struct Signer<'k> {
    keys: &'k [Key],
    form: Form,
    lifetime: Option<Lifetime>,
    today: Day,
}

impl Signer<'_> {
    /// The address with its tag; `None` when it stays as it is.
    fn sign<'a>(&self, line: &Line<'a>) -> Result<Option<Tagged<'a>>, Malformed> {
        let Path::Mailbox(mailbox) = line.path()? else { return Ok(None) };
        match prvs::sign(self.keys, &mailbox, self.form, self.lifetime, self.today)? {
            Signing::Tagged(tagged) => Ok(Some(tagged)),
            Signing::Unchanged(..) => Ok(None),
        }
    }
}

fn plain(signer: &Signer<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    match signer.sign(line) {
        Ok(Some(tagged)) => return tagged.write_to(&mut answer.out),
        Ok(None) => {}
        Err(error) => answer.refuse(line, error),
    }
    answer.out.raw(line.octets);
    Ok(())
}

fn json(signer: &Signer<'_>, line: &Line<'_>, answer: &mut Answer) -> fmt::Result {
    let input = line.text();
    match signer.sign(line) {
        Ok(Some(tagged)) => answer.json(&json::Signed {
            input,
            address: tagged.to_string().into(),
            key_id: Some(tagged.key_id().number()),
            expires: tagged.expires().map(clock::format_day),
        }),
        Ok(None) => answer.json(&json::Signed { address: input.clone(), input, key_id: None, expires: None }),
        Err(error) => answer.refuse_in_json(line, error),
    }
}
