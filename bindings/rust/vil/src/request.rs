//! Ports that ask and ports that answer: a pair of ends each.

use std::ffi::CStr;
use std::fmt;
use std::time::Duration;

use crate::{Carried, Incoming, Loan, Message, Receiver, Relative, Result, Sender, Status, Verify, World, mode};

/// A request port: questions leave, answers arrive. [`Incoming::answers`] of an answer is the number of its question.
pub struct Requester<Q: Carried, A: Carried> {
    /// Where questions leave.
    pub questions: Sender<Q, mode::Ask>,
    /// Where answers arrive.
    pub answers: Receiver<A>,
}

impl<Q: Carried, A: Carried> Requester<Q, A> {
    /// Opens both ends; see [`Sender::open`] and [`Receiver::open`].
    pub fn open(world: &World, port: &CStr) -> Result<Self> {
        Self::open_within(world, port, Duration::ZERO)
    }

    /// Opens both ends, trying for at most `timeout` each; see [`Sender::open_within`].
    pub fn open_within(world: &World, port: &CStr, timeout: Duration) -> Result<Self> {
        let questions = Sender::open_within(world, port, timeout)?;
        Ok(Self { questions, answers: Receiver::open_within(world, port, timeout)? })
    }
}

impl<Q: Message, A: Carried> Requester<Q, A> {
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
}

impl<Q: Carried, A: Carried> Requester<Q, A> {
    /// The next answer; see [`Receiver::receive`].
    #[inline]
    pub fn receive(&self, timeout: Duration) -> Result<Incoming<'_, A>, Status> {
        self.answers.receive(timeout)
    }
}

/// A response port: questions arrive, answers leave.
pub struct Responder<Q: Carried, A: Carried> {
    /// Where questions arrive.
    pub questions: Receiver<Q>,
    /// Where answers leave.
    pub answers: Sender<A, mode::Answer>,
}

impl<Q: Carried, A: Carried> Responder<Q, A> {
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
}

impl<Q: Carried, A: Message> Responder<Q, A> {
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

impl<Q: Carried, A: Relative> Requester<Q, A> {
    /// See [`Receiver::verifying`].
    pub fn verifying(mut self, which: Verify) -> Self {
        self.answers = self.answers.verifying(which);
        self
    }
}

impl<Q: Relative, A: Carried> Responder<Q, A> {
    /// See [`Receiver::verifying`].
    pub fn verifying(mut self, which: Verify) -> Self {
        self.questions = self.questions.verifying(which);
        self
    }
}

impl<Q: Carried, A: Carried> fmt::Debug for Requester<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requester").field("questions", &self.questions).field("answers", &self.answers).finish()
    }
}

impl<Q: Carried, A: Carried> fmt::Debug for Responder<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Responder").field("questions", &self.questions).field("answers", &self.answers).finish()
    }
}
