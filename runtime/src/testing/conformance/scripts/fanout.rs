//! Messages to every server of a topic.

use crate::testing::conformance::{Failure, History, Suite};

/// A fanout reaches who listens when it is published: a late joiner gets nothing of before, a leaver nothing of after,
/// and nobody's absence is an error.
///
/// # Errors
/// When it goes otherwise.
pub async fn fanout_to_late_joiners(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("fanout_to_late_joiners");
    let played = async {
        let fanout = stage.fanout("topic");
        let (client, one, two) = (stage.peer().await?, stage.peer().await?, stage.peer().await?);
        client.send(&fanout, ["0 to nobody"]).await?;
        let mut a = one.listen("a", std::slice::from_ref(&fanout), 0).await?;
        client.send(&fanout, ["1"]).await?;
        a.takes().await?.ack.ack();
        let mut b = two.listen("b", std::slice::from_ref(&fanout), 0).await?;
        client.send(&fanout, ["2"]).await?;
        a.takes().await?.ack.ack();
        b.takes().await?.ack.ack();
        a.close().await?;
        client.send(&fanout, ["3"]).await?;
        b.takes().await?.ack.ack();
        a.has_nothing_more();
        let mut c = one.listen("c", std::slice::from_ref(&fanout), 0).await?;
        client.send(&fanout, ["4"]).await?;
        b.takes().await?.ack.ack();
        c.takes().await?.ack.ack();
        Ok(())
    };
    let expected =
        ["a gets 1", "a gets 2", "b gets 2", "b gets 3", "a has nothing more", "b gets 4", "c gets 4"];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// Two servers of one process, on one driver, each get their copy.
///
/// # Errors
/// When it goes otherwise.
pub async fn fanout_within_a_process(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("fanout_within_a_process");
    let played = async {
        let fanout = stage.fanout("topic");
        let peer = stage.peer().await?;
        let mut a = peer.listen("a", std::slice::from_ref(&fanout), 0).await?;
        let mut b = peer.listen("b", std::slice::from_ref(&fanout), 0).await?;
        peer.send(&fanout, ["1"]).await?;
        a.takes().await?.ack.ack();
        b.takes().await?.ack.ack();
        a.close().await?;
        peer.send(&fanout, ["2"]).await?;
        b.takes().await?.ack.ack();
        a.has_nothing_more();
        Ok(())
    };
    let expected = ["a gets 1", "b gets 1", "b gets 2", "a has nothing more"];
    let played = played.await;
    stage.judge(&expected, played).await
}
