//! What a port's routes allow, as types: the second parameter of a sender or receiver.
//!
//! Generated code names the mode that the program gives a port, so that keeping, consuming or answering where the
//! contract has none of it does not compile. Nothing of them exists while a program runs. Who names another mode by
//! hand is refused by libvil when it keeps, consumes or answers.

mod sealed {
    /// What only this crate's modes are.
    pub trait Sealed {
        /// Messages are the receiver's own: they are consumed, not released.
        const TAKEN: bool = false;
    }
}

/// How an out port sends.
pub trait Sends: sealed::Sealed + 'static {}

/// How an in port receives.
pub trait Receives: sealed::Sealed + 'static {}

/// A sending mode that publishes into its routes.
pub trait Publishes: Sends {}

/// A receiving mode whose messages go back.
pub trait Releases: Receives {}

/// A receiving mode whose messages may be changed in place.
pub trait Changes: Receives {}

/// Messages are published, and that is it: loan_write, publish_offset, copy, share_read, consume_once.
#[derive(Debug)]
pub enum Publish {}

/// Messages are published and may be read on by their producer: loan_read.
#[derive(Debug)]
pub enum Keep {}

/// Messages are questions: their numbers tell which answer is whose.
#[derive(Debug)]
pub enum Ask {}

/// Messages are answers.
#[derive(Debug)]
pub enum Answer {}

/// Messages are read in place and released.
#[derive(Debug)]
pub enum Read {}

/// Messages are read and changed in place, and released: the process says `mutates`.
#[derive(Debug)]
pub enum Change {}

/// Messages are the receiver's own: consume_once.
#[derive(Debug)]
pub enum Take {}

macro_rules! modes {
    ($($mode:ident: $($does:ident)+;)*) => {
        $($(impl $does for $mode {})+)*
    };
}

macro_rules! sealed {
    ($($mode:ident)*) => { $(impl sealed::Sealed for $mode {})* };
}

sealed!(Publish Keep Ask Answer Read Change);

impl sealed::Sealed for Take {
    const TAKEN: bool = true;
}

modes! {
    Publish: Sends Publishes;
    Keep: Sends Publishes;
    Ask: Sends;
    Answer: Sends;
    Read: Receives Releases;
    Change: Receives Releases Changes;
    Take: Receives Changes;
}
