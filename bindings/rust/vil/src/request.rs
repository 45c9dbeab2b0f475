//! Ports that ask and ports that answer: a pair of ends each.

use std::ffi::CStr;
use std::time::Duration;

use crate::{Incoming, Loan, Message, Receiver, Result, Sender, Status, World, mode};

/// A request port: questions leave, answers arrive. [`Incoming::answers`] of an answer is the number of its question.
#[derive(Debug)]
pub struct Requester<Q: Message, A: Message> {
    /// Where questions leave.
    pub questions: Sender<Q, mode::Ask>,
    /// Where answers arrive.
    pub answers: Receiver<A>,
}

impl<Q: Message, A: Message> Requester<Q, A> {
    /// Opens both ends; see [`Sender::open`] and [`Receiver::open`].
    pub fn open(world: &World, port: &CStr) -> Result<Self> {
        Self::open_within(world, port, Duration::ZERO)
    }

    /// Opens both ends, trying for at most `timeout` each; see [`Sender::open_within`].
    pub fn open_within(world: &World, port: &CStr, timeout: Duration) -> Result<Self> {
        let questions = Sender::open_within(world, port, timeout)?;
        Ok(Self { questions, answers: Receiver::open_within(world, port, timeout)? })
    }

    /// A slot to write a question into.
    #[inline]
    pub fn loan(&self) -> Result<Loan<'_, Q, mode::Ask>, Status> {
        self.questions.loan()
    }

    /// Loan, copy and ask in one: the question's number.
    #[inline]
    pub fn ask(&self, question: &Q) -> Result<u64, Status> {
        let mut loan = self.questions.loan()?;
        *loan = *question;
        Ok(loan.ask()?)
    }

    /// The next answer; see [`Receiver::receive`].
    #[inline]
    pub fn receive(&self, timeout: Duration) -> Result<Incoming<'_, A>, Status> {
        self.answers.receive(timeout)
    }
}

/// A response port: questions arrive, answers leave.
#[derive(Debug)]
pub struct Responder<Q: Message, A: Message> {
    /// Where questions arrive.
    pub questions: Receiver<Q>,
    /// Where answers leave.
    pub answers: Sender<A, mode::Answer>,
}

impl<Q: Message, A: Message> Responder<Q, A> {
    /// Opens both ends; see [`Sender::open`] and [`Receiver::open`].
    pub fn open(world: &World, port: &CStr) -> Result<Self> {
        Self::open_within(world, port, Duration::ZERO)
    }

    /// Opens both ends, trying for at most `timeout` each; see [`Sender::open_within`].
    pub fn open_within(world: &World, port: &CStr, timeout: Duration) -> Result<Self> {
        let questions = Receiver::open_within(world, port, timeout)?;
        Ok(Self { questions, answers: Sender::open_within(world, port, timeout)? })
    }

    /// The next question; see [`Receiver::receive`].
    #[inline]
    pub fn receive(&self, timeout: Duration) -> Result<Incoming<'_, Q>, Status> {
        self.questions.receive(timeout)
    }

    /// A slot to write an answer into.
    #[inline]
    pub fn loan(&self) -> Result<Loan<'_, A, mode::Answer>, Status> {
        self.answers.loan()
    }

    /// Loan, copy and answer in one.
    #[inline]
    pub fn answer(&self, question: &Incoming<'_, Q>, answer: &A) -> Result<(), Status> {
        self.answers.answer(question, answer)
    }
}
