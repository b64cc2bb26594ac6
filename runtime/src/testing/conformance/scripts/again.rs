//! Messages that a listener publishes once more: to the queue that it took them from, and to its dead letters.

use crate::testing::conformance::letter::Letter;
use crate::testing::conformance::listener::Listener;
use crate::testing::conformance::stage::Stage;
use crate::testing::conformance::{Failure, History, Suite};
use crate::transport::{Delivery, PublishError, Route};
use crate::wire::Header;

fn again(of: &Route) -> Route {
    Route::Again { of: Box::new(of.clone()) }
}

/// Takes a delivery and notes the headers that it should have.
async fn takes_headers(stage: &Stage<'_>, listener: &mut Listener<'_>) -> Result<Delivery, Failure> {
    let delivery = listener.takes().await?;
    for name in ["x-text", "x-number"] {
        let said = match delivery.properties.header(name) {
            None => "nothing".to_owned(),
            Some(Header::Text(text)) => format!("`{text}`"),
            Some(Header::Integer(number)) => number.to_string(),
        };
        stage.note(format!("{name} says {said}"));
    }
    Ok(delivery)
}

fn headers() -> [(&'static str, Header); 2] {
    [("x-text", Header::Text("b\u{e9}fore".to_owned())), ("x-number", Header::Integer(1 << 40))]
}

/// A message published again goes to the queue of its route alone, as a new one with its headers.
///
/// # Errors
/// When it goes otherwise.
pub async fn publish_again(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("publish_again");
    let played = async {
        let (info, pool) = (stage.notification("info", None), stage.notification("info", Some("pool")));
        let (notifier, listener) = (stage.peer().await?, stage.peer().await?);
        let mut a = listener.listen("a", std::slice::from_ref(&info), 0).await?;
        let mut b = listener.listen("b of the pool", std::slice::from_ref(&pool), 0).await?;
        notifier.send(&info, ["1"]).await?;
        b.takes().await?.ack.ack();
        a.takes().await?.ack.reject(true);
        let old = takes_headers(&stage, &mut a).await?;
        let headers = headers();
        let letter = Letter::new("1").headers(&headers).mandatory();
        listener.publish(&again(&info), &letter).confirmed().await?;
        takes_headers(&stage, &mut a).await?.ack.ack();
        old.ack.ack();
        listener.publish(&again(&pool), &letter).confirmed().await?;
        takes_headers(&stage, &mut b).await?.ack.ack();
        a.has_nothing_more();
        b.has_nothing_more();
        let nobody = stage.notification("debug", None);
        match listener.publish(&again(&nobody), &letter).outcome().await? {
            Err(PublishError::Returned { .. }) => stage.note("without a queue it is returned"),
            outcome => return Err(stage.failure(format!("without a queue it ended as {outcome:?}"))),
        }
        Ok(())
    };
    let expected = [
        "b of the pool gets 1",
        "a gets 1",
        "a gets 1 again",
        "x-text says nothing",
        "x-number says nothing",
        "a gets 1",
        "x-text says `b\u{e9}fore`",
        "x-number says 1099511627776",
        "b of the pool gets 1",
        "x-text says `b\u{e9}fore`",
        "x-number says 1099511627776",
        "a has nothing more",
        "b of the pool has nothing more",
        "without a queue it is returned",
    ];
    let played = played.await;
    stage.judge(&expected, played).await
}

/// Dead letters wait in a queue of their own, which the first of them makes.
///
/// # Errors
/// When it goes otherwise.
pub async fn dead_letters(suite: &Suite) -> Result<History, Failure> {
    let stage = suite.stage("dead_letters");
    let played = async {
        let info = stage.notification("info", None);
        let dead = Route::DeadLetters { of: Box::new(info.clone()) };
        let listener = stage.peer().await?;
        let mut a = listener.listen("a", std::slice::from_ref(&info), 0).await?;
        let headers = headers();
        for text in ["1", "2"] {
            let letter = Letter::new(text).headers(&headers).mandatory();
            listener.publish(&dead, &letter).confirmed().await?;
        }
        stage.until_ready(&listener, &dead, 2).await?;
        a.has_nothing_more();
        let mut b = listener.listen("whoever looks after the dead", std::slice::from_ref(&dead), 0).await?;
        takes_headers(&stage, &mut b).await?.ack.ack();
        b.takes().await?.ack.ack();
        Ok(())
    };
    let expected = [
        "a has nothing more",
        "whoever looks after the dead gets 1",
        "x-text says `b\u{e9}fore`",
        "x-number says 1099511627776",
        "whoever looks after the dead gets 2",
    ];
    let played = played.await;
    stage.judge(&expected, played).await
}
