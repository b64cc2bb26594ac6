//! Reply addresses.

use crate::testing::conformance::letter::Letter;
use crate::testing::conformance::{Failure, History, Suite};
use crate::transport::{PublishError, Route};

/// A reply reaches the process whose address it names, and no other; the address stays while it is held. A reply to an
/// address that does not exist is returned.
///
/// # Errors
/// When it goes otherwise.
pub async fn reply_address(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("reply_address");
    let played = async {
        let (server, one, two) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        let (to_a, mut a) = one.take_replies("a").await?;
        let (to_b, mut b) = two.take_replies("b").await?;
        if to_a.0 == to_b.0 {
            return Err(stage.failure("two processes have the same reply address"));
        }
        let in_use = one.driver.reply_address();
        if in_use.as_ref().is_none_or(|address| address.0 != to_a.0) {
            return Err(
                stage.failure(format!("the address is {to_a:?}, but {in_use:?} is said to be in use"))
            );
        }
        for (address, text) in [(&to_a, "1"), (&to_b, "2"), (&to_a, "3")] {
            let route = Route::Reply { address: address.0.clone() };
            server.publish(&route, &Letter::reply(text).mandatory()).confirmed().await?;
        }
        a.takes().await?.ack.ack();
        a.takes().await?.ack.ack();
        b.takes().await?.ack.ack();
        a.has_nothing_more();
        b.has_nothing_more();
        let nowhere = Route::Reply { address: stage.name("nobody") };
        match server.publish(&nowhere, &Letter::reply("4").mandatory()).outcome().await? {
            Err(PublishError::Returned { .. }) => stage.note("a reply to nobody is returned"),
            other => return Err(stage.failure(format!("a reply to nobody ended as {other:?}"))),
        }
        Ok(())
    };
    let expected = [
        "a gets 1",
        "a gets 3",
        "b gets 2",
        "a has nothing more",
        "b has nothing more",
        "a reply to nobody is returned",
    ];
    let played = played.await;
    stage.judge(&expected, played).await
}
