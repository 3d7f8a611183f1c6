//! The trust that the settings put in a client.

use batv_store::counter::Networks;
use ipnet::IpNet;

use crate::client::Client;
use crate::held::Holder;
use crate::settings::Settings;

/// Whether mail from the client is signed.
pub(super) fn is_internal(client: &Client, settings: &Settings) -> bool {
    client.authenticated || client.local || settings.is_internal(client.address, &client.daemon_name)
}

/// Whether mail from the client is never judged: it is internal or exempt.
pub(crate) fn is_trusted(client: &Client, settings: &Settings) -> bool {
    is_internal(client, settings) || settings.is_exempt(client.address)
}

/// Who holds what the client brings, if `stranger` is the kind of that which is no client of ours.
pub(crate) fn holder(client: &Client, settings: &Settings, stranger: fn(Option<IpNet>) -> Holder) -> Holder {
    if is_trusted(client, settings) {
        return Holder::Ours;
    }
    stranger(client.address.map(|address| Networks::default().of(address)))
}
