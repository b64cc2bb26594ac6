//! Mocks of a contract by mockall, as `docs/guide/testing.md` says: `#[automock]` below `#[endpoint]`, and `mock!` where
//! arguments are `Option<&T>`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![allow(
    clippy::result_large_err,
    reason = "mockall's closures return what the methods do, and are no async functions"
)]

use mockall::predicate::{always, eq};
use mockall::{automock, mock};
use oslo_messaging::error::{CallError, RemoteFailure};
use oslo_messaging::testing::block_on;
use oslo_messaging::{Context, endpoint};

#[endpoint(version = "1.0")]
#[automock]
trait Shelf {
    async fn take(&self, ctx: &Context, name: &str, count: u32) -> Result<u32, Box<RemoteFailure>>;

    #[cast]
    async fn put(&self, name: &str);
}

#[test]
fn a_mock_of_the_trait_serves_its_client() {
    let mut shelf = MockShelf::new();
    let gone = || Box::pin(async { Err(Box::new(RemoteFailure::new("shop", "Gone", "none left"))) });
    shelf
        .expect_take()
        .with(always(), eq("cup"), eq(2))
        .times(1)
        .returning(|_, _, _| Box::pin(async { Ok(5) }));
    shelf.expect_take().with(always(), eq("pot"), always()).times(1).returning(move |_, _, _| gone());
    shelf.expect_put().with(eq("pan")).times(1).returning(|_| Box::pin(async {}));
    let client = ShelfClient::in_process(shelf);
    let ctx = Context::test();
    assert_eq!(block_on(client.take(&ctx, "cup", 2)).unwrap(), 5);
    let error = block_on(client.take(&ctx, "pot", 1)).unwrap_err();
    assert!(matches!(&error, CallError::Remote(failure) if failure.class == "Gone"), "{error:?}");
    block_on(client.put("pan")).unwrap();
}

#[endpoint(version = "1.0")]
trait Zones {
    async fn count(&self, zone: Option<&str>) -> Result<u32, Box<RemoteFailure>>;
}

mock! {
    Zoned {}

    impl Zones for Zoned {
        async fn count<'a>(&self, zone: Option<&'a str>) -> Result<u32, Box<RemoteFailure>>;
    }
}

#[test]
fn optional_borrowed_arguments_are_mocked_by_hand() {
    let mut zones = MockZoned::new();
    zones.expect_count().withf(|zone| *zone == Some("az1")).times(1).returning(|_| Ok(3));
    assert_eq!(block_on(ZonesClient::in_process(zones).count(Some("az1"))).unwrap(), 3);
}
