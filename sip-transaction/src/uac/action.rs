//! What the client machines ask for.

/// What a step of a client machine asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Nothing is to be done; a response is absorbed.
    Nothing,
    /// Send the request again.
    Resend,
    /// The response is news.
    PassUp,
    /// The response is a provisional one for which a CANCEL has waited: send that, pass this up.
    CancelAndPassUp,
    /// The response is a negative final one to an INVITE: acknowledge it and pass it up.
    AckAndPassUp,
    /// That response again: acknowledge it once more.
    Ack,
    /// Send a CANCEL now.
    Cancel,
    /// No response in time: counts as 408.
    TimedOut,
}
