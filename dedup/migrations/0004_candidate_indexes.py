"""Indexes for a million photos: hashes by their chunks, words in whole lists and fresh entries.

They are derived from the fingerprints. `manage.py reindex --stage match` fills them for the photos that are there.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import pgvector.django.bit
from django.db import migrations, models

CHUNKS = 16
CHUNK_BITS = 16

HASH_INDEXES = [
    migrations.RunSQL(
        f"CREATE INDEX dedup_hashentry_chunk{chunk} ON dedup_hashentry "
        f"((substring(bits from {1 + chunk * CHUNK_BITS} for {CHUNK_BITS})::integer))",
        f"DROP INDEX dedup_hashentry_chunk{chunk}",
    )
    for chunk in range(CHUNKS)
]


class Migration(migrations.Migration):

    dependencies = [
        ('gallery', '0009_lossless_optimisation'),
        ('dedup', '0003_keeper_rules'),
    ]

    operations = [
        migrations.CreateModel(
            name='FreshWord',
            fields=[
                ('pk', models.CompositePrimaryKey('key', 'photo_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('key', models.IntegerField()),
                ('photo_id', models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='HashEntry',
            fields=[
                ('photo', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='gallery.photo')),
                ('version', models.PositiveSmallIntegerField()),
                ('bits', pgvector.django.bit.BitField(help_text='The bits in the order of the chunks that are looked up.', length=256)),
            ],
        ),
        *HASH_INDEXES,
        # To start a second process takes as long as the search.
        migrations.RunSQL("ALTER TABLE dedup_hashentry SET (parallel_workers = 0)", migrations.RunSQL.noop),
        # The keys and ids become narrower, so the lists are made anew.
        migrations.DeleteModel(name='WordPostings'),
        migrations.CreateModel(
            name='WordPostings',
            fields=[
                ('key', models.IntegerField(help_text='Version of the fingerprint and 24-bit word.', primary_key=True, serialize=False)),
                ('photo_ids', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
            ],
        ),
        # Lists grow where they are when a page has room; packing ids costs time and saves little.
        migrations.RunSQL(
            "ALTER TABLE dedup_wordpostings SET (fillfactor = 80, parallel_workers = 0);"
            "ALTER TABLE dedup_wordpostings ALTER COLUMN photo_ids SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveField(model_name='fingerprint', name='turned'),
        migrations.AddField(
            model_name='fingerprint',
            name='looked_by',
            field=models.CharField(blank=True, help_text="The model by whose vector the photo's neighbours were compared last.", max_length=200, default=''),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='fingerprint',
            name='refused',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, help_text="Photos that were compared and are no copies; kept until the photo's neighbours by a model come.", size=None),
        ),
        migrations.AlterField(
            model_name='fingerprint',
            name='words_version',
            field=models.PositiveSmallIntegerField(default=0, help_text='Version whose hash and words of local features are in the indexes.'),
        ),
        migrations.RunSQL(
            "UPDATE dedup_fingerprint SET words_version = 0, matched_by = 0", migrations.RunSQL.noop
        ),
    ]
