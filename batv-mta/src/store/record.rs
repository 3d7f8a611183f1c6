//! Clients that have brought bounces to good tags.

use core::net::IpAddr;

use batv_store::counter::CountingKeys;
use batv_store::record::Record;

use super::Wait;
use crate::settings::Settings;

/// Gives a good record to a client.
pub(crate) fn earn(client: Option<IpAddr>, settings: &Settings, wait: &Wait) {
    if let Some(record) = of(client, settings) {
        settings.store().count(record.earn(), wait);
    }
}

/// Whether the client has a good record.
pub(crate) fn is_good(client: IpAddr, settings: &Settings, wait: &Wait) -> bool {
    let Some(record) = of(Some(client), settings) else { return false };
    settings.store().count(record.look(), wait).is_some_and(|answers| record.is_good(&answers))
}

fn of(client: Option<IpAddr>, settings: &Settings) -> Option<Record> {
    Some(Record::of(&CountingKeys::of(settings.keys())?, client?, super::now()))
}
