//! PostSRSd: the shell variables of 1.x (`/etc/default/postsrsd`), and the file of 2.x (`postsrsd.conf`).

mod setup;
mod v1;
mod v2;

use super::migration::Migration;
use super::source::{File, Files, ImportError, Program, utf8};

pub use self::setup::postsrsd_secrets;

pub(super) fn read(files: &[File<'_>], host: &dyn Files) -> Result<Migration, ImportError> {
    let mut migration = Migration::new(Program::Postsrsd);
    let mut texts = Vec::with_capacity(files.len());
    for file in files {
        texts.push((file.name, utf8(file)?));
    }
    let setup = if texts.iter().any(|(_, text)| v1::is_v1(text)) {
        v1::read(&texts, &mut migration)
    } else {
        v2::read(&texts, &mut migration)?
    };
    setup.take(host, &mut migration)?;
    Ok(migration)
}
