//! What the server machines ask for.

/// What a step of a server machine asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Nothing is to be done.
    Nothing,
    /// Send the reply that the step was about, and keep it.
    Send,
    /// Send the last reply again.
    Resend,
    /// Nothing was replied for too long: send a 100.
    Trying,
    /// The message is not for this machine: it goes on to the route (the ACK of a relayed 2xx).
    PassUp,
    /// The final reply was never acknowledged.
    GiveUp,
}
