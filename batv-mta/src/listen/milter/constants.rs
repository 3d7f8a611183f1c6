//! The numbers of the milter protocol.

/// The protocol version of this filter.
pub const VERSION: u32 = 6;

/// Changes that a filter may make to a message (`SMFIF_*`).
pub mod action {
    /// Add header fields.
    pub const ADD_HEADERS: u32 = 0x01;
    /// Add recipients.
    pub const ADD_RECIPIENTS: u32 = 0x04;
    /// Delete recipients.
    pub const DELETE_RECIPIENTS: u32 = 0x08;
    /// Change and delete header fields.
    pub const CHANGE_HEADERS: u32 = 0x10;
    /// Hold the message.
    pub const QUARANTINE: u32 = 0x20;
    /// Change the reverse-path.
    pub const CHANGE_SENDER: u32 = 0x40;
    /// Add recipients with the parameters of RCPT.
    pub const ADD_RECIPIENTS_WITH_PARAMETERS: u32 = 0x80;
    /// Say which macros are wanted.
    pub const SET_MACROS: u32 = 0x100;
}

/// Steps that a mail server need not send, or replies for which it need not wait (`SMFIP_*`).
pub mod step {
    /// Don't send HELO.
    pub const NO_HELO: u32 = 0x02;
    /// Don't send the body.
    pub const NO_BODY: u32 = 0x10;
    /// Don't send the end of the header.
    pub const NO_END_OF_HEADER: u32 = 0x40;
    /// Header fields are not answered.
    pub const NO_REPLY_HEADER: u32 = 0x80;
    /// Don't send unknown commands.
    pub const NO_UNKNOWN: u32 = 0x100;
    /// Pieces of the body may be answered with [`Reply::Skip`](crate::listen::milter::Reply::Skip).
    pub const SKIP: u32 = 0x400;
    /// Don't send DATA.
    pub const NO_DATA: u32 = 0x200;
    /// The connection is not answered.
    pub const NO_REPLY_CONNECT: u32 = 0x1000;
    /// MAIL FROM is not answered.
    pub const NO_REPLY_MAIL: u32 = 0x4000;
}
