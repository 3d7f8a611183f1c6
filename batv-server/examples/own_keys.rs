//! Keys and rules from elsewhere than files: here the secret comes from the environment, as a secret store hands it to a
//! process.
//!
//! ```text
//! BATV_SECRET=0123456789abcdef own_keys alice@example.com
//! ```

use core::error::Error;

use batv_server::config::Keyring;
use batv_server::core::{Algorithm, KeyId, KeyUse, Lifetime, Pattern};
use batv_server::policy::Rules;
use batv_server::{Mode, Server, Site};

fn main() -> Result<(), Box<dyn Error>> {
    let secret = std::env::var("BATV_SECRET")?;
    let sender = std::env::args().nth(1).ok_or("usage: own_keys SENDER")?;
    let server = server(secret.as_bytes())?;
    let signed = server.sign(&sender)?;
    println!("{signed}");
    println!("{}", server.rcpt("<>", &signed.address)?);
    Ok(())
}

/// Server for `example.com` with one key.
pub(crate) fn server(secret: &[u8]) -> Result<Server, Box<dyn Error>> {
    let key_use = KeyUse::Batv(KeyId::new(0)?);
    let keyring = Keyring::from_raw_key(secret, key_use, Algorithm::HmacSha256, Lifetime::default())?;
    let protected = vec![Pattern::parse("example.com".to_owned())?];
    let rules = Rules { protected, mode: Mode::Reject, ..Rules::default() };
    Ok(Server::new(Site::with_rules(keyring, rules)?))
}
