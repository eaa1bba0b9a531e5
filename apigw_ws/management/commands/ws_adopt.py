from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apigw_ws.management.commands._gateways import sentences
from apigw_ws.models import ApiGateway, AwsAccount
from apigw_ws.services import adoption, candidates
from apigw_ws.services.adoption import Preview
from apigw_ws.services.candidates import Candidate


class Command(BaseCommand):
    help = "List the WebSocket APIs of an account's region, or record one that was made elsewhere."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--account", metavar="LABEL", help="An AWS account, by its name in the console.")
        parser.add_argument("--region", default="", help="Without it, that of the account or the settings.")
        parser.add_argument("--api-id", metavar="ID", help="Show what adopting this API records and changes.")
        parser.add_argument("--stage", default="", help="Which of its stages; without it, the likeliest.")
        parser.add_argument("--name", default="", help="What the gateway is called, if not as the API is.")
        parser.add_argument(
            "--take-back", action="store_true", help="Adopt it though it carries another project's tag."
        )
        parser.add_argument("--commit", action="store_true", help="Record it. AWS is not changed.")

    def handle(self, *args: Any, **options: Any) -> None:
        place = ApiGateway(account=_account(options["account"]), region=options["region"])
        with sentences():
            if options["api_id"]:
                self.adopt(place, **options)
            else:
                self.list(candidates.candidates(place))

    def list(self, found: list[Candidate]) -> None:
        for each in found:
            whose = {"recorded": f"the gateway “{each.gateway}”", "other": "tagged by another project"}
            when = f"{each.created_on:%Y-%m-%d}"
            self.stdout.write(f"{each.api_id}  {when}  {whose.get(each.state, 'free')}  {each.name}")
        if not found:
            self.stdout.write("No WebSocket API in this region. Try another --region or --account.")

    def adopt(self, place: ApiGateway, **options: Any) -> None:
        chosen = {"stage_name": options["stage"], "name": options["name"]}
        preview = adoption.preview(place, options["api_id"], **chosen)
        self.show(preview)
        if not options["commit"]:
            self.stdout.write("Nothing was recorded. To record this, add --commit.")
            return
        gateway = adoption.adopt(
            place, options["api_id"], **chosen, take_back=options["take_back"], seen=preview.digest
        )
        self.stdout.write(self.style.SUCCESS(f"Recorded as the gateway {gateway.pk} ({gateway})."))
        self.stdout.write(f"AWS is as it was. Next: ws_plan --pk {gateway.pk}, then ws_apply.")

    def show(self, preview: Preview) -> None:
        self.section("Recorded: field, value, where it comes from")
        for row in preview.values:
            if row.value:
                self.stdout.write(f"  {row.label}: {row.value}  ({row.source})")
        self.section("What the first apply changes in AWS")
        for change in preview.changes:
            line = f"  {change.sentence}"
            self.stdout.write(self.style.WARNING(f"{line} (destructive)") if change.destructive else line)
            for difference in change.differences:
                sides = f"{difference.aws or '-'} -> {difference.record or '-'}"
                self.stdout.write(f"      {difference.key}: {sides}")
        self.section("Left alone", *preview.left)
        self.section("Refused by WebSocketView until then: no connection ID", *preview.nameless)
        reasons = (*preview.refusals, *filter(None, [preview.unplanned]))
        self.section("In the way", *map(str, reasons))

    def section(self, title: str, *sentences: str) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(title))
        for sentence in sentences:
            self.stdout.write(f"  {sentence}")


def _account(label: str | None) -> AwsAccount | None:
    if label is None:
        return None
    account = AwsAccount.objects.filter(label=label).first()
    if account is None:
        known = ", ".join(AwsAccount.objects.values_list("label", flat=True)) or "none yet"
        raise CommandError(f"There is no AWS account “{label}”. There are: {known}.")
    return account
