//! The trust that the settings put in a client.

use crate::client::Client;
use crate::settings::Settings;

/// Whether mail from the client is signed.
pub(super) fn is_internal(client: &Client, settings: &Settings) -> bool {
    client.authenticated || client.local || settings.is_internal(client.address, &client.daemon_name)
}

/// Whether mail from the client is never judged: it is internal or exempt.
pub(crate) fn is_trusted(client: &Client, settings: &Settings) -> bool {
    is_internal(client, settings) || settings.is_exempt(client.address)
}
