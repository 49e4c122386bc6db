from tests.console.conftest import Office


async def test_pages(office_on_both: Office) -> None:
    for role in ("amministratore", "responsabile"):
        b = await office_on_both.signed_in(role)
        for p in (
            "/console/",
            "/console/profilo",
            "/console/profilo/password",
            "/console/profilo/secondo-fattore",
            "/console/persone",
            "/console/registro",
            "/console/nulla",
        ):
            a = await b.get(p)
            print(role, p, a.status, len(a.text))
            if a.status not in (200,):
                print(a.text[-700:])
