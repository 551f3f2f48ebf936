"""How managed services change a setting of the whole server: commands of their own tools.

Written after the services' documentation, not tried on them.  Words in capitals are for the user
to fill in.
"""

from __future__ import annotations

import shlex

from pgadvisor.model.action import ChangeSetting, SettingEffect
from pgadvisor.model.service import Service
from pgadvisor.sqltext.setting_value import readable_value

_DEFAULT = "default"
_NOTES = {
    # docs.aws.amazon.com, RDS user guide, "Working with parameters on your RDS for PostgreSQL DB
    # instance": default groups cannot be changed; static parameters wait for a reboot.
    Service.RDS: "The group has to be one of your own, a default one cannot be changed.",
    # The same, Aurora user guide, "Amazon Aurora PostgreSQL parameters": a value in the
    # instance's own group beats the cluster's.
    Service.AURORA: "The group has to be one of your own, a default one cannot be changed; what "
    "the instance's own group says beats the cluster's.",
    # cloud.google.com/sql/docs/postgres/flags: flags that are not named go back to their defaults.
    Service.CLOUD_SQL: "The command replaces all flags: name those that are set already beside "
    "it. Some flags restart the instance.",
    # cloud.google.com/alloydb/docs/instance-configure-database-flags
    Service.ALLOYDB: "The command replaces all flags: name those that are set already beside it. "
    "Some flags restart the instance.",
    # learn.microsoft.com/cli/azure/postgres/flexible-server/parameter
    Service.AZURE: "Static parameters wait for a restart.",
    # supabase.com/docs/guides/database/custom-postgres-config
    Service.SUPABASE: "Without --no-restart the command restarts the database.",
}


def service_command(action: ChangeSetting, value: str) -> str:
    """The command that gives a setting a value.

    Args:
        action: What is changed; its service is one that has a command.
        value: Like ``pg_settings.setting``.  The old one, where that was a default, is brought
            back as the default if the service has a command for that.

    Raises:
        ValueError: The service has no command for it.
    """
    is_back = value == action.previous_value and action.previous_source == _DEFAULT
    name = action.name
    match action.service:
        case Service.RDS:
            return _aws(action, "db-parameter-group", value, is_back=is_back)
        case Service.AURORA:
            return _aws(action, "db-cluster-parameter-group", value, is_back=is_back)
        case Service.CLOUD_SQL:
            flags = "FLAGS_THAT_ARE_SET" if is_back else f"FLAGS_THAT_ARE_SET,{name}={value}"
            return f"gcloud sql instances patch INSTANCE --database-flags={shlex.quote(flags)}"
        case Service.ALLOYDB:
            flags = "FLAGS_THAT_ARE_SET" if is_back else f"FLAGS_THAT_ARE_SET,{name}={value}"
            return (
                "gcloud alloydb instances update INSTANCE --cluster=CLUSTER --region=REGION "
                f"--database-flags={shlex.quote(flags)}"
            )
        case Service.AZURE:
            head = "az postgres flexible-server parameter set --resource-group GROUP"
            given = "" if is_back else f" --value {shlex.quote(value)}"
            return f"{head} --server-name SERVER --name {name}{given}"
        case Service.SUPABASE:
            waits = action.effect is SettingEffect.RESTART
            shown = shlex.quote(f"{name}={readable_value(value, action.unit)}")
            return (
                "supabase --experimental --project-ref PROJECT postgres-config update "
                f"--config {shown}{'' if waits else ' --no-restart'}"
            )
        case _:
            raise ValueError(f"{action.service} has no command that sets {name}")


def service_note(action: ChangeSetting) -> str:
    """What to know before the command is run."""
    return "" if action.service is None else _NOTES.get(action.service, "")


def _aws(action: ChangeSetting, kind: str, value: str, *, is_back: bool) -> str:
    # "immediate" is for dynamic parameters; a static one is refused with it.
    when = "pending-reboot" if action.effect is SettingEffect.RESTART else "immediate"
    if action.value_type == "bool":
        value = {"on": "1", "off": "0"}.get(value, value)  # as the groups have them
    verb = "reset" if is_back else "modify"
    quoted = f"'{value}'" if "," in value else value
    given = "" if is_back else f"ParameterValue={quoted},"
    parameters = f"ParameterName={action.name},{given}ApplyMethod={when}"
    return f'aws rds {verb}-{kind} --{kind}-name PARAMETER_GROUP --parameters "{parameters}"'
