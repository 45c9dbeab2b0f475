//! Relative messages on ports: a draft in a slot on loan, and the view of what was received.

use std::ptr::NonNull;

use super::Relative;
use super::draft::{Draft, Finished, Store, sealed};
use super::view::View;
use crate::{Carried, Incoming, Kept, Loan, Requester, Responder, Sender, Status, Unpublished, mode};

impl<T: Carried, M: mode::Sends> sealed::Sealed for Loan<'_, T, M> {}
impl<T: Carried, M: mode::Sends> Store for Loan<'_, T, M> {}

impl<T: Relative, M: mode::Sends> Sender<T, M> {
    /// A slot to make a message in. Blocks as the route's backpressure says. Dropped before it is published, it is discarded.
    #[inline]
    pub fn draft(&self) -> Result<Draft<T, Loan<'_, T, M>>, Status> {
        let loan = self.take()?;
        let (data, size) = (NonNull::new(loan.data().cast()), loan.size());
        // SAFETY: the slot is ours until the loan is gone, and has so many bytes, all of them initialised memory.
        Ok(unsafe { Draft::new(loan, data, size) })
    }
}

impl<'a, T: Relative, M: mode::Publishes> Finished<T, Loan<'a, T, M>> {
    /// Hands the message to the receivers. Blocks as the route's backpressure says. A loan that comes back holds the message,
    /// complete as it is.
    #[inline]
    pub fn publish(self) -> Result<(), Unpublished<'a, T, M>> {
        self.into_store().publish()
    }
}

impl<'a, T: Relative> Finished<T, Loan<'a, T, mode::Keep>> {
    /// Hands the message to the receiver and goes on reading it. Blocks as the route's backpressure says.
    #[inline]
    pub fn keep(self) -> Result<Kept<'a, T>, Unpublished<'a, T, mode::Keep>> {
        self.into_store().keep()
    }
}

impl<'a, T: Relative> Finished<T, Loan<'a, T, mode::Ask>> {
    /// Asks: the question's number. Blocks as the route's backpressure says.
    #[inline]
    pub fn ask(self) -> Result<u64, Unpublished<'a, T, mode::Ask>> {
        self.into_store().ask()
    }
}

impl<'a, T: Relative> Finished<T, Loan<'a, T, mode::Answer>> {
    /// Hands the message to whoever asked. The question stays to be released. Blocks as the route's backpressure says.
    #[inline]
    pub fn answer<Q: Carried>(self, question: &Incoming<'_, Q>) -> Result<(), Unpublished<'a, T, mode::Answer>> {
        self.into_store().answer(question)
    }
}

impl<T: Relative, M: mode::Receives> Incoming<'_, T, M> {
    /// Reads the message where it lies. Its bounds are the slot's; what the head says of its size can only narrow them.
    #[inline]
    pub fn view(&self) -> T::View<'_> {
        // SAFETY: the message is held as long as it is borrowed, and has so many bytes.
        T::view(unsafe { View::root_of(self.data(), self.size()) })
    }
}

impl<T: Relative> Kept<'_, T> {
    /// Reads the message where it lies.
    #[inline]
    pub fn view(&self) -> T::View<'_> {
        // SAFETY: the message is kept as long as it is borrowed, and has so many bytes.
        T::view(unsafe { View::root_of(self.data(), self.size()) })
    }
}

impl<Q: Relative, A: Carried> Requester<Q, A> {
    /// A slot to make a question in.
    #[inline]
    pub fn draft(&self) -> Result<Draft<Q, Loan<'_, Q, mode::Ask>>, Status> {
        self.questions.draft()
    }
}

impl<Q: Carried, A: Relative> Responder<Q, A> {
    /// A slot to make an answer in.
    #[inline]
    pub fn draft(&self) -> Result<Draft<A, Loan<'_, A, mode::Answer>>, Status> {
        self.answers.draft()
    }
}
