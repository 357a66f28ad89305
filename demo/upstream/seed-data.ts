/** Customers and products of the demo's tenants. */

export interface TenantSeed {
  readonly id: string;
  readonly currency: string;
  readonly orderCount: number;
  /** Seed of the generator, so that every new database gets the same orders. */
  readonly random: number;
  /** Name, contact, city, country, segment, since. */
  readonly customers: readonly (readonly [string, string, string, string, string, string])[];
  /** SKU, name, price in minor units. */
  readonly products: readonly (readonly [string, string, number])[];
}

const ACME: TenantSeed = {
  id: "acme",
  currency: "USD",
  orderCount: 148,
  random: 20_260_117,
  customers: [
    ["Alpine & Co.", "Margot Lindqvist", "Boulder, CO", "United States", "Retail", "2021-03-14"],
    ["Basecamp Supply", "Theo Okafor", "Bozeman, MT", "United States", "Wholesale", "2019-11-02"],
    [
      "Cedar Ridge Outdoors",
      "Priya Raman",
      "Asheville, NC",
      "United States",
      "Retail",
      "2022-06-21",
    ],
    [
      "Driftwood Surf Shop",
      "Kai Nakamura",
      "Santa Cruz, CA",
      "United States",
      "Retail",
      "2020-01-30",
    ],
    [
      "Evergreen Expeditions",
      "Hanna Vogel",
      "Portland, OR",
      "United States",
      "Guides",
      "2023-02-08",
    ],
    ["Fjord Trading", "Elias Berg", "Seattle, WA", "United States", "Wholesale", "2018-09-17"],
    ["Granite Peak Guides", "Rosa Delgado", "Jackson, WY", "United States", "Guides", "2021-08-05"],
    [
      "Harvest Moon Market",
      "Owen Fitzgerald",
      "Burlington, VT",
      "United States",
      "Retail",
      "2024-04-11",
    ],
    ["Juniper Lodge", "Amara Nwosu", "Taos, NM", "United States", "Hospitality", "2022-10-03"],
    ["Kestrel Cycling Club", "Luca Moretti", "Bend, OR", "United States", "Clubs", "2023-07-26"],
    [
      "Lakeside Rentals",
      "Ingrid Solberg",
      "Duluth, MN",
      "United States",
      "Hospitality",
      "2020-05-19",
    ],
    [
      "Meridian Travel Goods",
      "Jonas Weber",
      "Chicago, IL",
      "United States",
      "Wholesale",
      "2019-02-27",
    ],
    [
      "North Fork Anglers",
      "Beatriz Campos",
      "Missoula, MT",
      "United States",
      "Clubs",
      "2021-12-12",
    ],
    ["Outpost Provisions", "Samir Haddad", "Moab, UT", "United States", "Retail", "2024-01-09"],
  ],
  products: [
    ["TNT-2P", "Ridgeline tent, two person", 38_900],
    ["TNT-4P", "Ridgeline tent, four person", 54_900],
    ["BAG-M10", "Down sleeping bag, -10 °C", 27_500],
    ["MAT-R4", "Insulated sleeping mat", 11_900],
    ["STV-G1", "Gas stove, compact", 6_450],
    ["PAN-SET", "Titanium cook set", 9_800],
    ["LMP-300", "Headlamp, 300 lumen", 4_200],
    ["PCK-55", "Trekking pack, 55 litres", 21_900],
    ["BTL-1L", "Steel bottle, one litre", 2_950],
    ["ROP-60", "Dynamic rope, 60 metres", 18_700],
    ["FLT-K2", "Water filter kit", 7_600],
  ],
};

const GLOBEX: TenantSeed = {
  id: "globex",
  currency: "EUR",
  orderCount: 93,
  random: 5_550_123,
  customers: [
    ["Adler Maschinenbau", "Katrin Adler", "Stuttgart", "Germany", "Manufacturing", "2017-05-22"],
    ["Brenner Hydraulik", "Florian Brenner", "Innsbruck", "Austria", "Manufacturing", "2020-09-01"],
    ["Castellani Packaging", "Giulia Castellani", "Bologna", "Italy", "Packaging", "2019-03-18"],
    ["De Vries Shipyards", "Pieter de Vries", "Rotterdam", "Netherlands", "Marine", "2018-11-27"],
    ["Eurotube SA", "Camille Laurent", "Lyon", "France", "Manufacturing", "2021-01-13"],
    ["Fonderie du Rhône", "Étienne Garnier", "Valence", "France", "Foundry", "2022-04-04"],
    ["Göteborg Kraft", "Sofia Lindholm", "Gothenburg", "Sweden", "Energy", "2019-08-15"],
    [
      "Hradec Precision",
      "Tomáš Dvořák",
      "Hradec Králové",
      "Czechia",
      "Manufacturing",
      "2023-05-30",
    ],
    ["Iberia Solar", "Lucía Fernández", "Seville", "Spain", "Energy", "2024-02-19"],
  ],
  products: [
    ["BRG-6204", "Deep groove ball bearing 6204", 890],
    ["VLV-DN50", "Ball valve DN50, stainless", 14_600],
    ["PMP-C25", "Centrifugal pump C25", 128_000],
    ["SNS-P16", "Pressure sensor, 0 to 16 bar", 23_400],
    ["GBX-40", "Planetary gearbox 40:1", 96_500],
    ["BLT-M12", "Hex bolt M12, box of 100", 3_150],
    ["SEL-VIT", "FKM seal kit", 5_480],
    ["DRV-2K2", "Frequency drive, 2.2 kW", 41_900],
    ["HOS-HP8", "High-pressure hose, 8 metres", 11_200],
  ],
};

export const TENANT_SEEDS: readonly TenantSeed[] = [ACME, GLOBEX];
